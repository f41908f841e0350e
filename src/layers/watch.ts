import { AsyncLocalStorage, AsyncResource } from 'node:async_hooks';

import type { AccessToken } from '../core/access-token.js';
import { anyFunction, anyObject, checkArgument, checkOptions, objectWith } from '../core/check-options.js';
import type { AnyTokenError } from '../core/errors.js';
import { onlyOnce, warnOnFailure } from '../core/event-sink.js';
import type { CanonicalTokenRequest, TokenRequest } from '../core/token-request.js';
import type { TokenSource } from '../core/token-source.js';
import type { CachedTokens } from './cached-tokens.js';

/** What a {@link WatchListener} is told. */
export interface WatchedToken {
  /** The current access token; `undefined` if there is none, or if it has expired. */
  readonly token: AccessToken | undefined;
  /** Why the last grant failed; `undefined` if it succeeded. The token may be valid in spite of it. */
  readonly error: AnyTokenError | undefined;
}

/** Called with each new token, when grants begin to fail, and when a failing token has expired. Its result is ignored. */
export type WatchListener = (watched: WatchedToken) => unknown;

/** Options of `watch`. */
export interface WatchOptions {
  /** The token to watch. @default the default token request of the service */
  readonly request?: TokenRequest | undefined;
  /** Ends the watch of this listener. Without it, the watch lasts as long as the process. */
  readonly signal?: AbortSignal | undefined;
}

/** The parts of a token service that its watches use. */
export interface WatchContext {
  readonly cache: CachedTokens;
  readonly source: TokenSource;
  /** Fills in the default token request. */
  readonly complete: (request?: TokenRequest) => CanonicalTokenRequest;
}

/** A token request that is watched, and how to tell each of its listeners of a change. */
interface Watch {
  readonly listeners: Set<() => void>;
  readonly ended: AbortController;
}

// Timers stop while the machine is suspended, and the wall clock may be set: look again after a minute.
const longestSleepMs = 60_000;
/** The wait after a grant whose token is due again at once, for example because it had expired on arrival. */
const shortestWaitMs = 1_000;

/** @throws {ConfigurationError} if an argument of `watch` is malformed; the token request is not checked */
export function checkWatch(listener: WatchListener, options: WatchOptions): void {
  checkArgument('watch', 'listener', listener, anyFunction);
  checkOptions('watch', options, { request: anyObject, signal: objectWith('addEventListener') });
}

/** Makes the method `watch` of a token service. The listeners of a token request share one watch. */
export function watcher({ cache, source, complete }: WatchContext) {
  const { clock } = cache;
  const watches = new Map<string, Watch>();
  // A watch must not retain the async context of the caller that begins it.
  const inContextOfCreation = AsyncLocalStorage.snapshot();

  /** Asks for the token whenever it is due. The cache renews it, and tells the listeners. */
  async function keepRenewed(request: CanonicalTokenRequest, ended: AbortSignal): Promise<void> {
    const sleep = (ms: number) =>
      clock.sleep(ms, ended, { ref: false }).catch((error: unknown) => {
        if (!ended.aborted) throw error;
      });
    while (!ended.aborted) {
      const dueMs = cache.dueMs(request.key);
      if (dueMs > 0) await sleep(Math.min(dueMs, longestSleepMs));
      if (ended.aborted || dueMs > longestSleepMs) continue;
      await source.getToken(request, { reason: 'watch', signal: ended }).catch(() => undefined);
      if (cache.dueMs(request.key) <= 0) await sleep(shortestWaitMs);
    }
  }

  function beginWatch(request: CanonicalTokenRequest): Watch {
    const watch = { listeners: new Set<() => void>(), ended: new AbortController() };
    watches.set(request.key, watch);
    cache.watched.set(request.key, () => watch.listeners.forEach((tell) => tell()));
    // Without a working clock, the loop would never pause.
    void warnOnFailure()('A watch of m2m-tokens has ended, because its clock failed', () =>
      keepRenewed(request, watch.ended.signal),
    );
    return watch;
  }

  function endWatch({ key }: CanonicalTokenRequest, { ended }: Watch): void {
    ended.abort();
    watches.delete(key);
    cache.watched.delete(key);
  }

  function currentState({ key }: CanonicalTokenRequest): WatchedToken {
    const token = cache.get(key)?.token;
    const isValid = token !== undefined && token.remainingMs(clock) > 0;
    return { token: isValid ? token : undefined, error: cache.failure(key) as AnyTokenError | undefined };
  }

  return (listener: WatchListener, options: WatchOptions = {}): void => {
    checkWatch(listener, options);
    const request = complete(options.request);
    const { signal } = options;
    if (signal?.aborted === true) return;

    const watch = watches.get(request.key) ?? inContextOfCreation(beginWatch, request);
    const call = AsyncResource.bind(listener);
    const run = warnOnFailure();
    let told: WatchedToken = { token: undefined, error: undefined };
    const tell = (): void => {
      const state = currentState(request);
      const isChanged = state.token !== told.token || (state.error === undefined) !== (told.error === undefined);
      if (!isChanged || !watch.listeners.has(tell)) return;
      told = state;
      run(`A listener of watch failed${onlyOnce}`, () => call(state));
    };
    watch.listeners.add(tell);
    // Like all other calls of the listener, the first one comes after `watch` has returned.
    queueMicrotask(tell);
    signal?.addEventListener('abort', () => {
      watch.listeners.delete(tell);
      if (watch.listeners.size === 0) endWatch(request, watch);
    });
  };
}
