import { readFileSync } from 'node:fs';
import { join } from 'node:path';

import { expect, test } from '@jest/globals';

import { judge, type Outcome } from './fault-matrix.js';
import { subjectNames } from './peers-folder.js';
import { withReadmeTable } from './readme-table.js';
import { type Comparison, markdown, replaceSection } from './report.js';
import { situations } from './situations/index.js';
import type { About } from './subject.js';

const folder = import.meta.dirname;
const read = (...path: string[]): string => readFileSync(join(folder, ...path), 'utf8');

test('a failure counts only for a subject that offers what the situation needs', () => {
  const failed = { passed: false, measured: 'fails' };
  const storm = situations.find(({ id }) => id === '401-storm');
  const html = situations.find(({ id }) => id === 'html');
  if (storm === undefined || html === undefined) throw new Error('situations are missing');

  expect(judge(storm, ['resend'], failed).mark).toBe('failed');
  expect(judge(storm, [], failed).mark).toBe('not offered');
  expect(judge(storm, [], { passed: true, measured: 'works' }).mark).toBe('passed');
  expect(judge(html, [], failed).mark).toBe('failed');
});

test('the result names versions and documentation, and groups the subjects by what happened', () => {
  const text = markdown(comparison({ outage: ['a call fails 45 s before expiry', 'no call fails', 'no call fails'] }));

  expect(text).toMatch(/^Measured on 2026-12-31 with Node\.js \d/);
  expect(text).toMatch(/^\| 2 +\| msal-node +\| 1\.2\.3 +\| https:\/\/example\.com +\|$/m);
  expect(text).toMatch(/^\| outage +\| A2 +\| ✗ +\| ✓ +\| ✓ +\|$/m);
  expect(text).toContain('  - 1: ✗ a call fails 45 s before expiry\n  - 2, 3: ✓ no call fails');
});

test('the result replaces the text between the comments', () => {
  const document = 'before\n<!-- comparison -->\nold\n<!-- comparison -->\nafter\n';

  const replaced = replaceSection(document, 'new');

  expect(replaced).toBe('before\n<!-- comparison -->\n\nnew\n\n<!-- comparison -->\nafter\n');
  expect(replaceSection(replaced, 'new')).toBe(replaced);
  expect(() => replaceSection('no comments', 'new')).toThrow('expected two comments');
});

test('the table of the README of the project is an output, too', () => {
  const document = read('..', '..', 'README.md');
  const replaced = withReadmeTable(
    document,
    comparison({ outage: ['a call fails 45 s before expiry', 'no call fails', 'no call fails'] }),
  );

  expect(replaced).toMatch(/^\| server down +\| fails 45 s early +\| no call fails +\| – +\| no call fails +\|$/m);
  expect(replaced).toContain('tests/compare/README.md) of 2026-12-31');
  expect(replaced.split('\n')).toHaveLength(document.split('\n').length);
});

test('each peer has an exact version and a module with its documentation', () => {
  const { dependencies } = JSON.parse(read('peers', 'package.json')) as { dependencies: Record<string, string> };

  expect(Object.values(dependencies).filter((version) => !/^\d+\.\d+\.\d+$/.test(version))).toEqual([]);
  const undocumented = subjectNames.filter((name) => !/docs:\s+'|about as/.test(read('peers', `${name}.js`)));
  expect(undocumented).toEqual([]);
});

function comparison(measured: Readonly<Record<string, readonly string[]>>): Comparison {
  const about = { docs: 'https://example.com', client: 'fetch', sends: true, offers: [] } satisfies Partial<About>;
  return {
    date: '2026-12-31',
    subjects: [
      { about: { ...about, name: 'by hand' } },
      { about: { ...about, name: 'msal-node', package: '@azure/msal-node' }, version: '1.2.3' },
      { about: { ...about, name: 'm2m-tokens, fetch' } },
    ],
    rows: situations.flatMap((situation) => {
      const texts = measured[situation.id];
      return texts ? [{ situation, outcomes: texts.map(outcome) }] : [];
    }),
    times: [],
  };
}

const outcome = (measured: string): Outcome => ({
  mark: measured.startsWith('a call') ? 'failed' : 'passed',
  measured,
});
