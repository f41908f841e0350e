import { expect, test } from '@jest/globals';

import { CommandError, exitCodes, exitCodesText, Interruption } from '../../../src/cli/io/command-error.js';

test('the default exit code is that of wrong usage', () => {
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

test('the help explains all exit codes', () => {
  const explained = [...exitCodesText.matchAll(/^ +(\d+) /gm)].map(([, code]) => Number(code));

  expect(explained).toEqual(Object.values(exitCodes));
});
