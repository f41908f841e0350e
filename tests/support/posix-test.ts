import { test } from '@jest/globals';

/**
 * `test`, except on Windows: for tests that need a shell, or the file modes, links and signals of POSIX. There they are
 * skipped; programs.ts prints a message.
 */
export const posixTest = process.platform === 'win32' ? (test.skip as typeof test) : test;
