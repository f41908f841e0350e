import { execFile } from 'node:child_process';
import { promisify } from 'node:util';

import { test as anyTest } from '@jest/globals';

import { hasProgram } from '../support/programs.js';

/** `test` if Prometheus is installed, else `test.skip`; programs.ts prints a message. */
export const test = hasProgram('prometheus') ? anyTest : (anyTest.skip as typeof anyTest);

/** Runs promtool, the program that checks the files of Prometheus; returns its exit code and output. */
export async function promtool(argv: readonly string[], cwd: string): Promise<{ exitCode: number; output: string }> {
  try {
    const { stdout, stderr } = await promisify(execFile)('promtool', argv, { cwd });
    return { exitCode: 0, output: stdout + stderr };
  } catch (error) {
    const { code, stdout, stderr } = error as { code: number; stdout: string; stderr: string };
    return { exitCode: code, output: stdout + stderr };
  }
}
