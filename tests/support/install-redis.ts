import { spawnSync } from 'node:child_process';

/** The Redis server of this machine, or Valkey; `undefined` when there is none. */
export function redisProgram(): string | undefined {
  return ['redis-server', 'valkey-server'].find((program) => spawnSync(program, ['--version']).status === 0);
}

/**
 * Before all tests: the Redis server that some of them start, installed where that can be done without asking anybody.
 * Imports nothing of this project: jest loads this file by itself.
 */
export default function installRedis(): void {
  if (redisProgram() !== undefined) return;
  const isRoot = process.getuid?.() === 0;
  if (isRoot && spawnSync('apt-get', ['--version']).status === 0) {
    // Its service is not wanted: the tests start servers of their own.
    const script = 'apt-get update -qq && RUNLEVEL=1 apt-get install -qq -y --no-install-recommends redis-server';
    spawnSync('sh', ['-c', script], { env: { ...process.env, DEBIAN_FRONTEND: 'noninteractive' }, timeout: 300_000 });
  }
  if (redisProgram() !== undefined) return;
  const how = 'install redis-server or valkey-server (apt-get install redis-server, brew install redis)';
  if (process.env['CI'] === 'true') throw new Error(`there is no Redis server, and CI=true: ${how}`);
  console.warn(`There is no Redis server: the tests of the shared store that need one are skipped; ${how}.`);
}
