import type { AccessToken } from '../core/access-token.js';
import type { Clock } from '../core/clock.js';

/**
 * Waits for the renewal, but returns the current token once half of its remaining validity has passed: the server may
 * not respond before the token expires. The renewal continues in either case.
 */
export async function renewOrFallBack(
  renewal: Promise<AccessToken>,
  current: AccessToken,
  clock: Clock,
): Promise<AccessToken> {
  const done = new AbortController();
  const fallBack = clock.sleep(current.remainingMs(clock) / 2, done.signal).then(
    // The timer fires late if the machine was suspended.
    () => (current.remainingMs(clock) > 0 ? current : renewal),
    () => renewal,
  );
  try {
    return await Promise.race([renewal, fallBack]);
  } finally {
    done.abort();
  }
}
