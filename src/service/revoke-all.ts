import { abortable, withDeadline } from '../core/abort.js';
import { GrantUnavailableError, type AnyTokenError } from '../core/errors.js';
import { eventSink } from '../core/event-sink.js';
import type { EventSink } from '../core/events.js';
import type { GrantSource } from '../grant/grants.js';
import type { SharedEntries } from '../stores/shared-tokens.js';
import type { CachedTokens, DrainedToken } from '../layers/cached-tokens.js';

/** Options of {@link revokeAll}. */
export interface RevokeAllOptions {
  readonly cache: Pick<CachedTokens, 'drain'>;
  readonly grants: Pick<GrantSource, 'revoke'>;
  readonly shared: SharedEntries | undefined;
  readonly onEvent?: EventSink | undefined;
}

/** Options of `revoke`. */
export interface RevokeOptions {
  /**
   * Whether to revoke tokens that replicas share through a store. They are removed from the store first.
   * @default false
   */
  readonly shared?: boolean | undefined;
}

const deadlineMs = 2_000;
const concurrency = 10;

/**
 * Drains the cache and revokes its tokens within two seconds (RFC 7009). Resolves to `true` if all are revoked, and
 * never rejects, because it is called when a process ends. Other replicas use the tokens in a shared store: without
 * `shared`, these are only dropped from memory, and do not count. A token whose revocation failed is not returned
 * to callers any more; the next call tries to revoke it again.
 */
export function revokeAll(options: RevokeAllOptions): (options?: RevokeOptions) => Promise<boolean> {
  const { cache, grants, shared, onEvent } = options;
  const emit = eventSink(onEvent);
  const pending = new Set<DrainedToken>();

  const isShared = ({ request }: DrainedToken): boolean => shared?.mayHold(request) === true;

  async function revoke(drained: DrainedToken, signal: AbortSignal): Promise<void> {
    if (shared !== undefined && isShared(drained)) await removeFromStore(shared, drained, signal);
    await grants.revoke(drained.token, signal);
  }

  return async ({ shared: includesShared = false } = {}) => {
    const isMeant = (each: DrainedToken): boolean => includesShared || !isShared(each);
    const drained = cache.drain().filter(isMeant);
    return withDeadline(deadlineMs, undefined, async (signal) => {
      // A write that takes longer continues after the deadline.
      if (shared !== undefined) await abortable(shared.flush(), signal).catch(() => undefined);
      // An expired token needs no revocation.
      for (const each of pending) if (each.token.remainingMs() <= 0) pending.delete(each);
      for (const each of drained) pending.add(each);
      let failure: AnyTokenError | undefined;

      // The workers share one iterator, so that each token is taken once.
      const queue = [...pending].filter(isMeant).values();
      const work = async (): Promise<void> => {
        for (const each of queue) {
          try {
            await revoke(each, signal);
            pending.delete(each);
          } catch (error) {
            failure ??= error as AnyTokenError;
            if (signal.aborted) return;
          }
        }
      };
      await Promise.all(Array.from({ length: concurrency }, work));

      const left = [...pending].filter(isMeant).length;
      if (failure !== undefined) emit({ type: 'revocation.failed', tokens: left, error: failure });
      return left === 0;
    });
  };
}

// Called before the revocation: otherwise a replica could take a revoked token from the store.
async function removeFromStore(
  shared: SharedEntries,
  { request, token }: DrainedToken,
  signal: AbortSignal,
): Promise<void> {
  async function remove(): Promise<boolean> {
    // The key or certificate of the client is read for the entry, which may take longer than the deadline.
    const entry = await shared.entry(request.key);
    await entry?.remove(token);
    return entry !== undefined && !entry.isSkipped();
  }
  if (!(await abortable(remove(), signal).catch(() => false))) {
    throw new GrantUnavailableError('a token is not revoked, because it could not be removed from the shared store');
  }
}
