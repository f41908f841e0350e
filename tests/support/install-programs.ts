import { spawnSync } from 'node:child_process';

import type { Config } from 'jest';

/** Whether this machine has a program. */
export function hasProgram(name: string): boolean {
  return spawnSync(name, ['--version']).status === 0;
}

/** The Redis server of this machine, or Valkey; `undefined` when there is none. */
export function redisProgram(): string | undefined {
  return ['redis-server', 'valkey-server'].find(hasProgram);
}

/**
 * Before all tests: the `programs` that some of them run, by the `globals` of jest.config.ts, installed where that can be
 * done without asking anybody. Imports nothing of this project: jest loads this file by itself.
 */
export default function installPrograms(_: unknown, { globals = {} }: Config): void {
  const isThere = (name: string) => (name === 'redis-server' ? redisProgram() !== undefined : hasProgram(name));
  const missing = () => (globals['programs'] as string[]).filter((name) => !isThere(name)).join(' ');
  const wanted = missing();
  if (wanted === '') return;
  if (process.getuid?.() === 0 && hasProgram('apt-get')) {
    // Services are not wanted: the tests start servers of their own.
    const script = `apt-get update -qq && RUNLEVEL=1 apt-get install -qq -y --no-install-recommends ${wanted}`;
    spawnSync('sh', ['-c', script], { env: { ...process.env, DEBIAN_FRONTEND: 'noninteractive' }, timeout: 300_000 });
  }
  const left = missing();
  if (left === '') return;
  const what = `the tests that need ${left} are skipped; apt-get install or brew install gets it`;
  if (process.env['CI'] === 'true') throw new Error(`with CI=true that is a failure: ${what}`);
  console.warn(what);
}
