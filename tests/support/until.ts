import type { TokenSource } from '../../src/core/token-source.js';
import { settle } from './tokens.js';

/**
 * Waits until a condition holds. Fails before the timeout of the test, because the loop would run on after the test.
 */
export async function until(holds: () => boolean | Promise<boolean>): Promise<void> {
  const end = performance.now() + 4_000;
  while (!(await holds())) {
    if (performance.now() > end) throw new Error(`waited in vain until ${String(holds)}`);
    await settle();
  }
}

/** Waits until a background renewal has replaced the token. */
export const untilRenewed = (tokens: TokenSource, value = 'token-2'): Promise<void> =>
  until(async () => (await tokens.getToken()).value === value);
