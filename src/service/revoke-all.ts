import { withDeadline } from '../core/abort.js';
import type { AccessToken } from '../core/access-token.js';
import type { TokenError } from '../core/errors.js';
import { eventSink, type EventSink } from '../core/events.js';
import type { ClientCredentials } from '../grant/client-credentials.js';
import type { TokenCache } from '../layers/token-cache.js';

/** Options of {@link revokeAll}. */
export interface RevokeAllOptions {
  readonly cache: Pick<TokenCache, 'drain'>;
  readonly grants: Pick<ClientCredentials, 'revoke'>;
  readonly onEvent?: EventSink | undefined;
}

const deadlineMs = 2_000;
const concurrency = 10;

/**
 * Revokes all cached tokens within two seconds (RFC 7009), and resolves to whether all are revoked. A token that could not be
 * revoked is not returned to callers either; the next call tries to revoke it again. Never rejects, because it is called when
 * a process ends.
 */
export function revokeAll({ cache, grants, onEvent }: RevokeAllOptions): () => Promise<boolean> {
  const emit = eventSink(onEvent);
  const pending = new Set<AccessToken>();

  return async () => {
    for (const token of cache.drain()) pending.add(token);
    let failure: TokenError | undefined;

    await withDeadline(deadlineMs, undefined, async (signal) => {
      // The workers share one iterator, so that each token is taken once.
      const queue = pending.values();
      const work = async (): Promise<void> => {
        for (const token of queue) {
          if (signal.aborted) return;
          try {
            await grants.revoke(token, signal);
            pending.delete(token);
          } catch (error) {
            failure ??= error as TokenError;
          }
        }
      };
      await Promise.all(Array.from({ length: concurrency }, work));
    });

    if (failure !== undefined) emit({ type: 'revocation.failed', tokens: pending.size, error: failure });
    return pending.size === 0;
  };
}
