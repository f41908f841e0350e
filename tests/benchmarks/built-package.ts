import { spawnSync } from 'node:child_process';
import { fileURLToPath } from 'node:url';

import type * as MainEntry from 'm2m-tokens';
import type * as AxiosEntry from 'm2m-tokens/axios';
import type * as RedisEntry from 'm2m-tokens/redis';

/** The folder of the package. */
export const packageFolder = fileURLToPath(new URL('../../', import.meta.url));

/** The main entry as users get it. */
export const mainEntry = new URL('../../dist/index.js', import.meta.url).href;

const axiosEntry = new URL('../../dist/adapters/axios.js', import.meta.url).href;

const redisEntry = new URL('../../dist/stores/redis.js', import.meta.url).href;

/** Builds `dist`: a loader that compiles `src` on the way adds calls of its own, and these would be measured too. */
export function buildPackage(): void {
  const { status, stdout, stderr } = spawnSync('npm', ['run', 'build'], { cwd: packageFolder, encoding: 'utf8' });
  if (status !== 0) throw new Error(`npm run build failed:\n${stdout}${stderr}`);
}

type BuiltPackage = typeof MainEntry & typeof AxiosEntry & typeof RedisEntry;

/** What `dist` exports. */
export async function builtPackage(): Promise<BuiltPackage> {
  const entries: unknown[] = [await import(mainEntry), await import(axiosEntry), await import(redisEntry)];
  return Object.assign({}, ...entries) as BuiltPackage;
}
