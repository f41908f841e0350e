import type { TokenServicesStats } from '../../service/services-stats.js';
import type { ObservedState } from './state-metrics.js';

/**
 * The state of all token services as that of one: the sums of the counts, all tokens, the credential that expires first
 * and the largest clock skew.
 */
export function combinedState({ services, requests, cache }: TokenServicesStats): ObservedState {
  const all = Object.values(services);
  const credentials = all.flatMap(({ credential }) => (credential?.expiresAt === undefined ? [] : credential));
  return {
    requests,
    cache,
    tokens: all.flatMap(({ tokens }) => tokens),
    credential: credentials.toSorted((one, other) => Number(one.expiresAt) - Number(other.expiresAt))[0],
    clockSkewMs: all.reduce((most, { clockSkewMs: each }) => (Math.abs(each) > Math.abs(most) ? each : most), 0),
  };
}
