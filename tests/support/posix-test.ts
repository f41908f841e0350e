import { test } from '@jest/globals';

/**
 * A test that needs a shell, or the file modes, links or signals of POSIX. Windows skips it; programs.ts prints a
 * message.
 */
export const posixTest = process.platform === 'win32' ? (test.skip as typeof test) : test;
