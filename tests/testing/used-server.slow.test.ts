import { expect, test } from '@jest/globals';

import { runProgram } from '../support/run-program.js';

test('a server that is closed in use or left behind ends its process, without a warning', async () => {
  const outcome = await runProgram('tests/testing/used-server-program.ts');

  expect(outcome).toEqual({ exitCode: 0, stdout: "Set(1) { 'ERR_GRANT_UNAVAILABLE' }\nended at once\n", stderr: '' });
});
