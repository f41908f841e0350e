import type { AccessToken } from '../core/access-token.js';
import type { Clock } from '../core/clock.js';

/**
 * The outcome of a renewal, or the token that it is to replace once half of the time has passed that this one has left: a
 * server that hangs must not be waited for until the token has expired, too. The renewal goes on in either case.
 */
export async function renewOrFallBack(
  renewal: Promise<AccessToken>,
  token: AccessToken,
  clock: Clock,
): Promise<AccessToken> {
  const enough = new AbortController();
  const patience = clock.sleep(token.remainingMs(clock) / 2, enough.signal).then(
    // A timer may be late, where the machine slept, say.
    () => (token.remainingMs(clock) > 0 ? token : renewal),
    () => renewal,
  );
  try {
    return await Promise.race([renewal, patience]);
  } finally {
    enough.abort();
  }
}
