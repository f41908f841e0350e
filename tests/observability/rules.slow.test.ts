import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';

import { describe, expect } from '@jest/globals';
import { parse, stringify } from 'yaml';

import { temporaryFolder } from '../support/temporary-folder.js';
import {
  alertNames,
  folder,
  read,
  recordedNames,
  type Rule,
  type RuleFile,
  ruleFile,
  rules,
  type TestFile,
} from './files.js';
import { promtool, test as prometheusTest } from './promtool.js';

describe('promtool', () => {
  prometheusTest.each([
    ['the rules', ['check', 'rules', 'alerts.yaml']],
    ['the configuration', ['check', 'config', 'prometheus.yaml']],
    ['the behaviour of the rules', ['test', 'rules', 'alerts.test.yaml']],
  ])('accepts %s', async (_, argv) => {
    expect(await promtool(argv, folder)).toEqual({ exitCode: 0, output: expect.stringContaining('SUCCESS') });
  });
});

/** The name of a rule, its member, and the text in it to replace by another. */
type Fault = readonly [rule: string, member: 'expr' | 'for', from: string, to: string];

const faults: readonly Fault[] = [
  ['m2m:token_lifetime:seconds', 'expr', ' - m2m_token_renewed_seconds', ''],
  ['m2m:token_renewal_failing_since:timestamp_seconds', 'expr', ' and m2m_token_renewal_failing == 1', ''],
  ['m2m:token_grants:increase1h', 'expr', '{error_type=""}', ''],
  ['m2m:token_grants_expected:1h', 'expr', 'max_over_time(m2m_cache_size[1h])', 'm2m_cache_size'],
  ['m2m:token_grants_expected:1h', 'expr', 'min_over_time', 'max_over_time'],
  ['m2m:token_grants_expected:1h', 'expr', '0.8', '0.85'],
  ['m2m:token_grants_expected:1h', 'expr', ', 1)', ', 0)'],
  ['M2mTokenExpiresSoon', 'expr', '< 60', '<= 60'],
  ['M2mTokenExpiresSoon', 'expr', '< 60', '< 45'],
  ['M2mTokenExpiresSoon', 'expr', ' and m2m_token_renewal_failing == 1', ''],
  ['M2mTokenRenewalFails', 'expr', ' / 3', ' / 3.1'],
  ['M2mTokenRenewalFails', 'expr', ' / 3', ' / 2.8'],
  ['M2mTokenRequestsFail', 'expr', '{m2m_token_source="error"}', ''],
  ['M2mTokenRequestsFail', 'for', '5m', '4m'],
  ['M2mTokenRequestsFail', 'for', '5m', '6m'],
  ['M2mInvalidClient', 'expr', ' offset 10m', ''],
  ['M2mInvalidClient', 'expr', '[10m]', '[5m]'],
  ['M2mInvalidClient', 'expr', 'error_type="invalid_client"', 'error_type!=""'],
  ['M2mTooManyGrants', 'expr', '3 *', '2 *'],
  ['M2mTooManyGrants', 'expr', '3 *', '4 *'],
  ['M2mRequestsResent', 'expr', '> 1', '>= 1'],
  ['M2mRequestsResent', 'expr', '> 1', '> 2'],
  ['M2mRequestsResent', 'expr', '{m2m_rejection_outcome="resent"}', ''],
  ['M2mRequestsResent', 'for', '10m', '9m'],
  ['M2mRequestsResent', 'for', '10m', '11m'],
  ['M2mCertificateExpiresSoon', 'expr', '<', '<='],
  ['M2mCertificateExpiresSoon', 'expr', '7 *', '6 *'],
  ['M2mCertificateExpiresSoon', 'expr', 'min', 'max'],
  ['M2mCertificateExpiresSoon', 'expr', '{m2m_credential="certificate"}', ''],
  ['M2mStoreFails', 'expr', 'unless', 'or'],
  ['M2mStoreFails', 'expr', ', m2m_store_operation', ''],
  ['M2mStoreFails', 'expr', 'error_type!=""', 'error_type=""'],
  ['M2mStoreFails', 'for', '5m', '4m'],
  ['M2mStoreFails', 'for', '5m', '6m'],
];

describe('the tests of the rules find', () => {
  prometheusTest.each([...faults])('%s with another %s: "%s" becomes "%s"', async (name, member, from, to) => {
    const outcome = await outcomeWith(withFault([name, member, from, to]), testsThatRead(name));

    expect(outcome).toEqual({ exitCode: 1, output: expect.stringMatching(/alertname: M2m\w+, time: /) });
  });

  prometheusTest.each([...recordedNames, ...alertNames])('nothing in %s as it is', async (name) => {
    expect(testsThatRead(name).tests.length).toBeGreaterThan(0);
    expect(await outcomeWith(ruleFile, testsThatRead(name))).toMatchObject({ exitCode: 0 });
  });

  prometheusTest('a fault in each rule', () => {
    expect(new Set(faults.map(([name]) => name))).toEqual(new Set([...recordedNames, ...alertNames]));
  });
});

async function outcomeWith(changedRules: RuleFile, tests: TestFile) {
  const temporary = await temporaryFolder();
  await writeFile(join(temporary, 'alerts.yaml'), stringify(changedRules));
  await writeFile(join(temporary, 'alerts.test.yaml'), stringify(tests));
  return promtool(['test', 'rules', 'alerts.test.yaml'], temporary);
}

/** The tests of the alert with this name, or of those that use the recording rule with this name: others take time only. */
function testsThatRead(name: string): TestFile {
  const concerned = rules.filter(({ alert, expr }) => alert === name || expr.includes(name));
  const names = new Set(concerned.map(({ alert }) => alert));
  const { tests, ...file } = parse(read('alerts.test.yaml')) as TestFile;
  return { ...file, tests: tests.filter((one) => names.has(one.alert_rule_test[0]?.alertname)) };
}

/** The rules with one fault. */
function withFault([name, member, from, to]: Fault): RuleFile {
  const change = (rule: Rule): Rule => {
    if (rule.record !== name && rule.alert !== name) return rule;
    const changed = (rule[member] ?? '').replaceAll(from, to);
    if (changed === rule[member]) throw new Error(`${name} has no "${from}"`);
    return { ...rule, [member]: changed };
  };
  return { groups: ruleFile.groups.map((group) => ({ ...group, rules: group.rules.map(change) })) };
}
