import { expect, test } from '@jest/globals';

import { CommandError, exitCodes, exitCodesText, Interruption } from '../../../src/cli/io/command-error.js';

test('an error without an exit code is one of usage', () => {
  const error = new CommandError('no', { advice: 'try' });

  expect(error).toMatchObject({ message: 'no', advice: 'try', exitCode: 2 });
});

test.each([
  ['SIGINT', 130],
  ['SIGTERM', 143],
  ['SIGHUP', 129],
] as const)('%s ends the command with %d', (signal, exitCode) => {
  expect(new Interruption(signal).exitCode).toBe(exitCode);
});

test('all exit codes are explained', () => {
  const explained = [...exitCodesText.matchAll(/^ +(\d+) /gm)].map(([, code]) => Number(code));

  expect(explained).toEqual(Object.values(exitCodes));
});
