import { type Attributes, type BatchObservableResult, type Meter, ValueType } from '@opentelemetry/api';

import type { TokenState } from '../../layers/token-state.js';
import type { TokenStats } from '../../service/stats.js';

/** The state of one token service, or of several together. */
export type ObservedState = Pick<TokenStats, 'requests' | 'tokens' | 'credential' | 'clockSkewMs'> & {
  readonly cache: Pick<TokenStats['cache'], 'size' | 'evictions'>;
};

/**
 * Creates the instruments that show `stats()`. It is read at each collection, so that a token from memory costs
 * nothing, and all values belong to the same moment. Returns a function that ends the observation.
 */
export function stateMetrics(meter: Meter, tokens: { stats(): ObservedState }, common: Attributes): () => void {
  const whole = { valueType: ValueType.INT };
  const requests = meter.createObservableCounter('m2m.token.requests', {
    description: 'Calls of getToken that have ended, by the source of the token',
    unit: '{request}',
    ...whole,
  });
  const expiration = meter.createObservableGauge('m2m.token.expiration', {
    description:
      'When a token expires, in seconds since the epoch: of the tokens whose renewal fails, the one that expires first; ' +
      'if no renewal fails, the token that was renewed last',
    unit: 's',
  });
  const renewed = meter.createObservableGauge('m2m.token.renewed', {
    description: 'When the token of m2m.token.expiration was renewed, in seconds since the epoch',
    unit: 's',
  });
  const failing = meter.createObservableGauge('m2m.token.renewal.failing', {
    description: 'Whether the renewal of a token fails: 0 or 1',
    ...whole,
  });
  const cacheSize = meter.createObservableGauge('m2m.cache.size', {
    description: 'Number of tokens in the cache',
    unit: '{token}',
    ...whole,
  });
  const evictions = meter.createObservableCounter('m2m.cache.evictions', {
    description: 'Tokens that left the cache because it was full',
    unit: '{token}',
    ...whole,
  });
  const credentialExpiration = meter.createObservableGauge('m2m.credential.expiration', {
    description: 'When the credential of the last grant expires, in seconds since the epoch',
    unit: 's',
  });
  const clockSkew = meter.createObservableGauge('m2m.clock.skew', {
    description: 'How far the clock of the authorization server is ahead',
    unit: 's',
  });

  function collect(result: BatchObservableResult): void {
    const stats = tokens.stats();
    for (const [source, count] of Object.entries(stats.requests)) {
      result.observe(requests, count, { ...common, 'm2m.token.source': source });
    }
    const token = describedToken(stats.tokens);
    if (token !== undefined) {
      result.observe(expiration, token.expiresAt / 1_000, common);
      result.observe(renewed, token.renewedAt / 1_000, common);
    }
    result.observe(failing, token?.failingSince === undefined ? 0 : 1, common);
    result.observe(cacheSize, stats.cache.size, common);
    result.observe(evictions, stats.cache.evictions, common);
    const { credential = '', expiresAt } = stats.credential ?? {};
    if (expiresAt !== undefined) {
      result.observe(credentialExpiration, expiresAt / 1_000, { ...common, 'm2m.credential': credential });
    }
    result.observe(clockSkew, stats.clockSkewMs / 1_000, common);
  }

  const instruments = [requests, expiration, renewed, failing, cacheSize, evictions, credentialExpiration, clockSkew];
  meter.addBatchObservableCallback(collect, instruments);
  return () => meter.removeBatchObservableCallback(collect, instruments);
}

/** A token request that has or had a token. */
type CachedTokenState = TokenState & { readonly expiresAt: number; readonly renewedAt: number };

/** One token for all: gauges for each of them would need an attribute for each token request. */
function describedToken(states: readonly TokenState[]): CachedTokenState | undefined {
  const cached = states.filter(hasToken);
  const failing = cached.filter(({ failingSince }) => failingSince !== undefined);
  if (failing.length === 0) return first(cached, (one, other) => other.renewedAt - one.renewedAt);
  return first(failing, (one, other) => one.expiresAt - other.expiresAt);
}

const hasToken = (state: TokenState): state is CachedTokenState => state.expiresAt !== undefined;

const first = <T>(values: readonly T[], order: (one: T, other: T) => number): T | undefined =>
  values.toSorted(order)[0];
