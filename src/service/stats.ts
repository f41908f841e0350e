import type { CredentialFacts } from '../core/events.js';
import type { GrantSource } from '../grant/grants.js';
import type { CachedTokens } from '../layers/cached-tokens.js';
import type { TokenState } from '../layers/token-state.js';
import type { SharedEntries } from '../stores/shared-tokens.js';

/**
 * A snapshot of a token service, for health checks and metrics. It holds no token and no secret, and can be given to
 * `JSON.stringify`. All times are in milliseconds since the epoch.
 */
export interface TokenStats {
  /** The option `name`. */
  readonly service: string;
  /** `undefined` for a client that has no identifier. */
  readonly clientId: string | undefined;
  /** The value of `grant_type`, such as `client_credentials`. */
  readonly grantType: string;
  /** The issuer, or the token endpoint if no issuer is configured; the protected resource until it names its server. */
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
   * - `memory`: a token that the cache had, also if its renewal failed
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

/** The parts of a token service that its snapshot shows. */
export interface StatsSources {
  readonly origin: Pick<TokenStats, 'service' | 'clientId' | 'authorizationServer' | 'grantType'>;
  readonly grants: Pick<GrantSource, 'state'>;
  readonly cache: CachedTokens;
  /** `undefined` without a shared store. */
  readonly shared: Pick<SharedEntries, 'failingSince'> | undefined;
}

/** Takes a snapshot of a token service. */
export const tokenStats = ({ origin, grants, cache, shared }: StatsSources): TokenStats => ({
  ...origin,
  tokens: cache.states(),
  cache: { size: cache.size(), maxTokens: cache.maxTokens, evictions: cache.evictions },
  requests: { memory: cache.hits, ...cache.awaited },
  store: shared && { failingSince: shared.failingSince() },
  ...grants.state(),
});
