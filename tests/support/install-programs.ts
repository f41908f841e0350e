import { spawnSync } from 'node:child_process';

/** Whether this machine has a program. */
export function hasProgram(name: string): boolean {
  return spawnSync(name, ['--version']).status === 0;
}

/** The Redis server of this machine, or Valkey; `undefined` when there is none. */
export function redisProgram(): string | undefined {
  return ['redis-server', 'valkey-server'].find(hasProgram);
}

/** The shells that completion is tried in, beside bash. */
export const shells = ['zsh', 'fish'] as const;

/**
 * Before all tests: the Redis server that some of them start and the shells that others run, installed where that can be done
 * without asking anybody. Imports nothing of this project: jest loads this file by itself.
 */
export default function installPrograms(): void {
  const missing = () => [
    ...(redisProgram() === undefined ? ['redis-server'] : []),
    ...shells.filter((shell) => !hasProgram(shell)),
  ];
  const wanted = missing();
  if (wanted.length === 0) return;
  const isRoot = process.getuid?.() === 0;
  if (isRoot && hasProgram('apt-get')) {
    // Its service is not wanted: the tests start servers of their own.
    const script = `apt-get update -qq && RUNLEVEL=1 apt-get install -qq -y --no-install-recommends ${wanted.join(' ')}`;
    spawnSync('sh', ['-c', script], { env: { ...process.env, DEBIAN_FRONTEND: 'noninteractive' }, timeout: 300_000 });
  }
  const shellsMissing = missing().filter((name) => name !== 'redis-server');
  if (shellsMissing.length > 0) console.warn(`Completion is not tried in ${shellsMissing.join(' and ')}: install it.`);
  if (redisProgram() !== undefined) return;
  const how = 'install redis-server or valkey-server (apt-get install redis-server, brew install redis)';
  if (process.env['CI'] === 'true') throw new Error(`there is no Redis server, and CI=true: ${how}`);
  console.warn(`There is no Redis server: the tests of the shared store that need one are skipped; ${how}.`);
}
