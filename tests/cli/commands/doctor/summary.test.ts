import { expect, test } from '@jest/globals';

import { fail, info, pass, warn } from '../../../../src/cli/commands/doctor/finding.js';
import { summaryOf } from '../../../../src/cli/commands/doctor/summary.js';

test('counts the checks by their result, without values that no check has judged', () => {
  const findings = [info('a'), pass('b'), pass('c'), warn('d', ''), warn('e', ''), fail('f', '', 3)];

  expect(summaryOf(findings, { last: 'API', hasApi: true })).toBe('5 checks: 2 passed, 2 warnings, 1 failed');
  expect(summaryOf(findings.slice(0, 2), { last: 'Token', hasApi: false })).toBe('1 check: 1 passed');
  expect(summaryOf(findings.slice(0, 4), { last: 'Token', hasApi: true })).toBe(
    '3 checks: 2 passed, 1 warning; not reached: API',
  );
});
