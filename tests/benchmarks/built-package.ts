import { spawnSync } from 'node:child_process';
import { fileURLToPath } from 'node:url';

import type * as MainEntry from 'm2m-tokens';
import type * as AxiosEntry from 'm2m-tokens/axios';
import type * as FetchEntry from 'm2m-tokens/fetch';
import type * as LayersEntry from 'm2m-tokens/layers';
import type * as OpenTelemetryEntry from 'm2m-tokens/opentelemetry';
import type * as RedisEntry from 'm2m-tokens/redis';
import type * as UndiciEntry from 'm2m-tokens/undici';

/** The folder of the package. */
export const packageFolder = fileURLToPath(new URL('../../', import.meta.url));

/** The main entry of the built package. */
export const mainEntry = new URL('../../dist/index.js', import.meta.url).href;

/** The URL of another entry of the built package. */
export const entry = (name: 'axios' | 'fetch' | 'undici' | 'redis' | 'layers' | 'opentelemetry'): string =>
  new URL(`../../dist/${name}.js`, import.meta.url).href;

/** Builds `dist`. A loader that compiles `src` would add calls of its own to the measurement. */
export function buildPackage(): void {
  const { status, stdout, stderr } = spawnSync('npm', ['run', 'build'], { cwd: packageFolder, encoding: 'utf8' });
  if (status !== 0) throw new Error(`npm run build failed:\n${stdout}${stderr}`);
}

/** The exports of all entries in `dist`. */
export async function builtPackage(): Promise<Entries> {
  const others = (['axios', 'fetch', 'undici', 'redis', 'layers', 'opentelemetry'] as const).map(entry);
  const entries = [mainEntry, ...others].map((url): Promise<object> => import(url));
  return Object.assign({}, ...(await Promise.all(entries))) as Entries;
}

type Entries = typeof MainEntry &
  typeof LayersEntry &
  typeof AxiosEntry &
  typeof FetchEntry &
  typeof RedisEntry &
  typeof OpenTelemetryEntry &
  typeof UndiciEntry;
