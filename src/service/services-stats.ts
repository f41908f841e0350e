import { noCounts } from './counts.js';
import type { OpenServices } from './open-services.js';
import type { TokenStats } from './stats.js';

/** A snapshot of all token services of `createTokenServices`, without tokens and secrets. */
export interface TokenServicesStats {
  /** The option `name`. */
  readonly name: string;
  /** The snapshots of the token services in memory, by their names. */
  readonly services: Readonly<Record<string, TokenStats>>;
  /** The option `max`. */
  readonly max: number;
  /** Number of names whose options are being read. */
  readonly opening: number;
  /** Number of token services that were closed because there were more than `max`. */
  readonly evictions: number;
  /** How many calls of `getToken` ended in which way, since the start, including those of closed services. */
  readonly requests: TokenStats['requests'];
  /** The caches of the token services in memory. */
  readonly cache: {
    /** Number of tokens in the caches, including expired ones. */
    readonly size: number;
    /** Number of tokens that left a cache because it was full, including the caches of closed services. */
    readonly evictions: number;
  };
}

/** Takes a snapshot of all token services. */
export function servicesStats(name: string, max: number, open: OpenServices): TokenServicesStats {
  const services = Object.fromEntries(open.all().map((each) => [each.name, each.service.stats()]));
  const size = Object.values(services).reduce((sum, { cache }) => sum + cache.size, 0);
  const { requests, evictions } = open.counts();
  const { opening, evictions: evicted } = open;
  return { name, services, max, opening, evictions: evicted, requests, cache: { size, evictions } };
}

/** The snapshot of a token service that is not in memory. */
export const absentStats = (service: string): TokenStats => ({
  service,
  clientId: undefined,
  grantType: '',
  authorizationServer: '',
  tokens: [],
  cache: { size: 0, maxTokens: 0, evictions: 0 },
  requests: noCounts.requests,
  store: undefined,
  credential: undefined,
  clockSkewMs: 0,
});
