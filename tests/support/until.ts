import type { TokenSource } from '../../src/core/token-source.js';
import { settle } from './tokens.js';

/** Waits until a condition holds. It gives up before the test does, since a test that has ended cannot stop it. */
export async function until(holds: () => boolean | Promise<boolean>): Promise<void> {
  const end = performance.now() + 4_000;
  while (!(await holds())) {
    if (performance.now() > end) throw new Error(`waited in vain until ${String(holds)}`);
    await settle();
  }
}

/** Waits until a renewal in the background has replaced a token by another. */
export const untilRenewed = (tokens: TokenSource, value = 'token-2'): Promise<void> =>
  until(async () => (await tokens.getToken()).value === value);
