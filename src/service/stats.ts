import type { Clock } from '../core/clock.js';
import type { CredentialFacts, TokenEvent } from '../core/events.js';
import type { CachedTokens } from '../layers/token-cache.js';
import type { TokenState } from '../layers/token-state.js';

/**
 * A snapshot of a token service, for health checks and metrics. It holds no token and no secret, and can be given to
 * `JSON.stringify`. All times are in milliseconds since the epoch.
 */
export interface TokenStats {
  /** The option `name`. */
  readonly service: string;
  readonly clientId: string;
  /** The issuer, or the token endpoint if no issuer is configured. */
  readonly authorizationServer: string;
  /**
   * The token requests that have a valid token, or whose last grant failed within the last hour. Token requests that
   * differ only in `parameters` look the same here.
   */
  readonly tokens: readonly TokenState[];
  /** The cache in memory. */
  readonly cache: {
    /** Number of tokens in the cache, including expired ones. */
    readonly size: number;
    /** The option `cache.maxTokens`. */
    readonly maxTokens: number;
    /** Number of tokens that left the cache because it was full. */
    readonly evictions: number;
  };
  /**
   * How many calls of `getToken` ended in which way, since the start.
   * - `memory`: a token from the cache, without a wait
   * - `shared_store`: a token from the shared store
   * - `grant`: a token from a grant that this call started
   * - `joined`: a token from a grant that another call had started
   * - `error`: an error
   *
   * Calls that their `signal` aborted, and calls with malformed arguments, are not counted.
   */
  readonly requests: Readonly<Record<'memory' | 'shared_store' | 'grant' | 'joined' | 'error', number>>;
  /** The shared store; `undefined` without one. */
  readonly store:
    | {
        /** Since when the store fails; `undefined` while it works. */
        readonly failingSince: number | undefined;
      }
    | undefined;
  /** The credential of the last successful grant; `undefined` before the first. */
  readonly credential: CredentialFacts | undefined;
  /**
   * How far the clock of the authorization server is ahead, in milliseconds, at the last successful grant. It is
   * measured when the authorization server rejects the client; 0 for less than ten seconds.
   */
  readonly clockSkewMs: number;
}

/** Collects the facts of the snapshot that only events hold. */
export interface StatsCollector {
  readonly onEvent: (event: TokenEvent) => void;
  snapshot(cache: CachedTokens): TokenStats;
}

/** The facts of a snapshot that never change. */
export interface ServiceFacts extends Pick<TokenStats, 'service' | 'clientId' | 'authorizationServer'> {
  /** Whether there is a shared store. */
  readonly isShared: boolean;
}

/** Makes the collector of one token service. Its `onEvent` gets all events of the service. */
export function statsCollector({ isShared, ...service }: ServiceFacts, clock: Clock): StatsCollector {
  const awaited = { shared_store: 0, grant: 0, joined: 0, error: 0 };
  let storeFailingSince: number | undefined;
  let credential: CredentialFacts | undefined;
  let clockSkewMs = 0;

  return {
    onEvent(event) {
      if (event.type === 'token.awaited') awaited[event.source] += 1;
      else if (event.type === 'token.unavailable') awaited.error += 1;
      else if (event.type === 'grant.succeeded') ({ credential, clockSkewMs } = event);
      else if (event.type === 'store.failed') storeFailingSince ??= clock.now();
      else if (event.type === 'store.recovered') storeFailingSince = undefined;
    },
    snapshot: (cache) => ({
      ...service,
      tokens: cache.states(),
      cache: { size: cache.size(), maxTokens: cache.maxTokens, evictions: cache.evictions },
      requests: { memory: cache.hits, ...awaited },
      store: isShared ? { failingSince: storeFailingSince } : undefined,
      credential,
      clockSkewMs,
    }),
  };
}
