import { withDeadline } from '../core/abort.js';
import type { AccessToken } from '../core/access-token.js';
import type { TokenError } from '../core/errors.js';
import { eventSink, type EventSink } from '../core/events.js';

/** Options of {@link revocation}. */
export interface RevocationOptions {
  /** All tokens that are kept; they are handed out no more. */
  readonly takeBack: () => readonly AccessToken[];
  /** Has the authorization server revoke one; rejects with a {@link TokenError} when it may still be valid. */
  readonly revoke: (token: AccessToken, signal: AbortSignal) => Promise<void>;
  readonly onEvent?: EventSink | undefined;
}

const deadlineMs = 2_000;
const atOnce = 10;

/**
 * Revokes all kept tokens (RFC 7009) within two seconds; resolves to whether all are. A token that the server does not revoke is
 * handed out no more either, and is revoked with the others the next time. Never rejects: it is called at the end of a process.
 */
export function revocation({ takeBack, revoke, onEvent }: RevocationOptions): () => Promise<boolean> {
  const emit = eventSink(onEvent);
  const pending = new Set<AccessToken>();

  return async () => {
    for (const token of takeBack()) pending.add(token);
    let failure: TokenError | undefined;

    await withDeadline(deadlineMs, undefined, async (signal) => {
      const queue = pending.values();
      const work = async (): Promise<void> => {
        for (const token of queue) {
          if (signal.aborted) return;
          try {
            await revoke(token, signal);
            pending.delete(token);
          } catch (error) {
            failure ??= error as TokenError;
          }
        }
      };
      await Promise.all(Array.from({ length: atOnce }, work));
    });

    if (failure !== undefined) emit({ type: 'revocation.failed', tokens: pending.size, error: failure });
    return pending.size === 0;
  };
}
