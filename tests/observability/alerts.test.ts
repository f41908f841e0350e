import { describe, expect, test } from '@jest/globals';
import { parse } from 'yaml';

import { alertNames, read, recordedNames, rules, type TestFile } from './files.js';
import { unknownIn } from './query.js';

describe('the rules', () => {
  test('read only metrics and labels that exist', () => {
    expect(rules.flatMap(({ expr }) => unknownIn(expr, recordedNames))).toEqual([]);
  });

  test('have different names', () => {
    expect(new Set([...alertNames, ...recordedNames]).size).toBe(rules.length);
  });
});

describe.each(alertNames)('%s', (name) => {
  const { labels = {}, annotations = {} } = rules.find(({ alert }) => alert === name) ?? {};

  test('has a severity, a summary, a description and its section of the runbook', () => {
    expect(['critical', 'warning']).toContain(labels['severity']);
    expect(Object.keys(annotations)).toEqual(['summary', 'description', 'runbook_url']);
    expect(annotations['summary']).not.toMatch(/\.$/);
    expect(annotations['description']).toMatch(/\.$/);
    expect(annotations['runbook_url']).toBe(`README.md#${name.toLowerCase()}`);
  });

  test('has a test in which it fires, and one in which it does not', () => {
    const { tests } = parse(read('alerts.test.yaml')) as TestFile;
    const cases = tests.flatMap((one) => one.alert_rule_test).filter(({ alertname }) => alertname === name);

    expect(cases.map(({ exp_alerts: fired }) => fired.length > 0)).toEqual(expect.arrayContaining([true, false]));
  });
});
