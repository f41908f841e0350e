import { expect, test } from '@jest/globals';

import { runProgram } from '../support/run-program.js';

test.each(['node.test.mjs', 'authorization-server.test.mjs'])('the tests in %s pass', async (file) => {
  const { exitCode, stdout } = await runProgram(`examples/testing/${file}`);

  expect({ exitCode, stdout }).toEqual({ exitCode: 0, stdout: expect.stringMatching(/\bpass 3\n.*\bfail 0\n/) });
});
