import { readFileSync } from 'node:fs';
import { join } from 'node:path';

import { describe, expect, test } from '@jest/globals';

import { behavioursOfScenarios, namedBehaviours } from './named-behaviours.js';
import { behaviourPage, type Group } from './page.js';

const list = readFileSync(join(import.meta.dirname, 'behaviours.json'), 'utf8');

const groups = Object.entries(JSON.parse(list) as Record<string, Group>);
const sizes: Record<string, number> = { A: 57, B: 12, C: 8, D: 29, E: 38, F: 17, G: 1, R: 95 };

describe('the list of behaviours', () => {
  test('has these groups', () => {
    expect(groups.map(([letter]) => letter)).toEqual(Object.keys(sizes));
  });

  test.each(groups)('lists the behaviours of group %s in the order of their numbers', (letter, { behaviours }) => {
    const numbers = Object.keys(behaviours).map((id) => Number(id.replace(/^[A-Z]-?/, '')));

    expect(numbers).toHaveLength(sizes[letter] ?? 0);
    expect(numbers).toEqual(numbers.toSorted((a, b) => a - b));
  });

  test('lists no id twice', () => {
    // JSON.parse would keep only one of two equal members.
    const ids = [...list.replaceAll(/"doNotApply": \{[^}]*\}/g, '').matchAll(/"([A-Z]-?\d+)":/g)].map(([, id]) => id);

    expect(ids).toHaveLength(257);
    expect(new Set(ids).size).toBe(ids.length);
  });

  test.each(groups)('says each rule of group %s in a sentence', (_, { title, behaviours }) => {
    expect(title).toMatch(/^[A-Z][^.]+$/);
    for (const rule of Object.values(behaviours)) expect(rule).toMatch(/^[A-Z][^\n]{15,}\.$/);
  });

  test.each(groups)('gives the reason, in a sentence, for each of group %s that does not apply', (_, group) => {
    const { behaviours, doNotApply = {} } = group;

    expect(Object.keys(behaviours)).toEqual(expect.arrayContaining(Object.keys(doNotApply)));
    for (const reason of Object.values(doNotApply)) expect(reason).toMatch(/^[A-Z][^\n]{15,}\.$/);
  });

  test('has no rule twice', () => {
    const rules = groups.flatMap(([, { behaviours }]) => Object.values(behaviours));

    expect(new Set(rules).size).toBe(rules.length);
  });
});

test('the guide to the behaviours is up to date: npm run coverage:behaviour -- --write', () => {
  const guide = readFileSync(join(import.meta.dirname, '../../examples/guides/behaviour.md'), 'utf8');

  expect(guide).toBe(behaviourPage(groups.map(([, group]) => group)));
});

describe('the behaviours that a test file names', () => {
  test.each([
    ['a test', `test('A9 E4 R-03 does', run);`, ['A9', 'E4', 'R-03']],
    ['a group', `describe('B6', () => { it("and C1, too", run); });`, ['B6', 'C1']],
    ['a template', 'test(`D3 ${kind} (F4)`, run);', ['D3', 'F4']],
    ['a table', `test.each([['a'], ['b']])('A12 reads %s', run);`, ['A12']],
    ['a table in a template', "test.each`a | b\n${1} | ${2}`('A13 reads $a', run);", ['A13']],
    ['a test that runs alone', `test.only('A1', run);`, ['A1']],
    ['a test that only Windows skips', `posixTest('D18', run);`, ['D18']],
    ['tests in a function', `export function contract(name) { test(\`\${name}: A2\`, run); }`, ['A2']],
  ])('are found in the name of %s', (_, source, ids) => {
    expect([...namedBehaviours(source)]).toEqual(ids);
  });

  test.each([
    ['a comment', `// A9\ntest('does', run); /* test('E4') */`],
    ['the test itself', `test('does', () => { expect(log('A9')).toBe('E4'); });`],
    ['a table', `test.each([['A9']])('does %s', run);`],
    ['a call of something else', `print('A9'); test.helper.use(one)('A9');`],
    ['a longer word', `test('E130 XE13 R-3 R-031 A0 E13x H1 UTF-8 non-A9', run);`],
    ['a word that a template makes longer', 'test(`E1${digit} R-0${digit} ${digit}A9`, run);'],
    ['a test that does not run', `test.skip('A9', run); test.todo('E4'); describe.skip('B1', run);`],
    ['a table of tests that do not run', `test.skip.each([1])('A9', run);`],
  ])('are not looked for in %s', (_, source) => {
    expect([...namedBehaviours(source)]).toEqual([]);
  });

  test('are found in the names of scenarios', () => {
    const scenarios = JSON.stringify([{ name: 'A2 C1 outage', given: 'E4', steps: [{ name: 'R-41' }] }]);

    expect([...behavioursOfScenarios(scenarios)].toSorted()).toEqual(['A2', 'C1', 'R-41']);
  });
});
