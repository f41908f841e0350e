import { spawnSync } from 'node:child_process';

import type { Config } from 'jest';

/** Whether a program is installed. */
export function hasProgram(name: string): boolean {
  return spawnSync(name, ['--version']).status === 0;
}

/** The installed Redis or Valkey server; `undefined` if there is none. */
export function redisProgram(): string | undefined {
  return ['redis-server', 'valkey-server'].find(hasProgram);
}

/**
 * Runs before all tests. Names the missing programs among `globals.programs` of the Jest configuration; their tests are skipped.
 * On Linux with `CI=true` a missing program is an error. Imports nothing of this project: Jest loads this file on its own.
 */
export default function checkPrograms(_: unknown, { globals = {} }: Config): void {
  if (process.platform === 'win32') console.warn('tests that need POSIX are skipped on Windows; see posix-test.ts');
  const isInstalled = (name: string) => (name === 'redis-server' ? redisProgram() !== undefined : hasProgram(name));
  const missing = (globals['programs'] as string[]).filter((name) => !isInstalled(name)).join(' ');
  if (missing === '') return;
  const message = `tests that need ${missing} are skipped; to run them: apt-get install ${missing}`;
  if (process.env['CI'] === 'true' && process.platform === 'linux')
    throw new Error(`with CI=true this is an error: ${message}`);
  console.warn(message);
}
