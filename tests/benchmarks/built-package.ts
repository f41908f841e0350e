import { spawnSync } from 'node:child_process';
import { fileURLToPath } from 'node:url';

import type * as MainEntry from 'm2m-tokens';
import type * as AxiosEntry from 'm2m-tokens/axios';
import type * as FetchEntry from 'm2m-tokens/fetch';
import type * as RedisEntry from 'm2m-tokens/redis';
import type * as UndiciEntry from 'm2m-tokens/undici';

/** The folder of the package. */
export const packageFolder = fileURLToPath(new URL('../../', import.meta.url));

/** The main entry of the built package. */
export const mainEntry = new URL('../../dist/index.js', import.meta.url).href;

/** The entry for an HTTP client. */
export const adapterEntry = (name: 'axios' | 'fetch' | 'undici'): string =>
  new URL(`../../dist/${name}.js`, import.meta.url).href;

const redisEntry = new URL('../../dist/redis.js', import.meta.url).href;

/** Builds `dist`. A loader that compiles `src` adds calls of its own, and these would be measured too. */
export function buildPackage(): void {
  const { status, stdout, stderr } = spawnSync('npm', ['run', 'build'], { cwd: packageFolder, encoding: 'utf8' });
  if (status !== 0) throw new Error(`npm run build failed:\n${stdout}${stderr}`);
}

/** The exports of all entries in `dist`. */
export async function builtPackage(): Promise<Entries> {
  const adapters = (['axios', 'fetch', 'undici'] as const).map(adapterEntry);
  const entries = [mainEntry, redisEntry, ...adapters].map((entry): Promise<object> => import(entry));
  return Object.assign({}, ...(await Promise.all(entries))) as Entries;
}

type Entries = typeof MainEntry & typeof AxiosEntry & typeof FetchEntry & typeof RedisEntry & typeof UndiciEntry;
