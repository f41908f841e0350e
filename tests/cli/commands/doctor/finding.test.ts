import { expect, test } from '@jest/globals';

import { bad, doubtful, good } from '../../../../src/cli/commands/doctor/finding.js';

test('only what does not work has an exit code, and only what is good no advice', () => {
  expect(good('a')).toEqual({ verdict: 'good', what: 'a' });
  expect(doubtful('a', 'b')).toEqual({ verdict: 'doubtful', what: 'a', advice: 'b' });
  expect(bad('a', ['b', 'c'], 4)).toEqual({ verdict: 'bad', what: 'a', advice: ['b', 'c'], exitCode: 4 });
});
