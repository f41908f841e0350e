import { type MeterProvider, metrics, trace, type TracerProvider } from '@opentelemetry/api';

import { type Check, checkArgument, checkOptions, objectWith } from '../../core/check-options.js';
import { eventSink, warnOnFailure } from '../../core/event-sink.js';
import type { TokenService } from '../../service/token-service.js';
import type { TokenServices } from '../../service/token-services.js';
import { type Observation, observeKey } from '../observation.js';
import { attributesOfOrigin, commonAttributes } from './attributes.js';
import { combinedState } from './combined-state.js';
import { eventMetrics } from './event-metrics.js';
import { grantSpans } from './grant-spans.js';
import { type ObservedState, stateMetrics } from './state-metrics.js';

/** Options of {@link observeTokens}. */
export interface ObserveTokensOptions {
  /** @default the global meter provider. Register it before the call of `observeTokens`. */
  readonly meterProvider?: MeterProvider | undefined;
  /** @default the global tracer provider */
  readonly tracerProvider?: TracerProvider | undefined;
}

/**
 * Observes a token service with OpenTelemetry, until the returned function is called. The metrics have few attributes,
 * so that their number does not grow with the scopes. Each grant is a span `m2m.token.grant`; a token from memory makes
 * no span. Metrics and spans contain no token and no secret.
 *
 * The services of `createTokenServices` are observed together. Their metrics have one set of time series, whose
 * `m2m.client.name` is the option `name` of `createTokenServices`, and no `server.address`: the number of time series does
 * not grow with the tenants. The gauges show the token that needs attention first. Spans name the service of each grant.
 *
 * A failure of a provider, an instrument or a span is a process warning, and does not affect a call.
 * @throws {ConfigurationError} if `tokens` is not a token service or is observed already, or if an option is malformed
 * @see [OpenTelemetry](https://opentelemetry.io/docs/languages/js/)
 * @example
 * ```ts
 * import { tokenServiceFromEnvironment } from 'm2m-tokens';
 * import { observeTokens } from 'm2m-tokens/opentelemetry';
 *
 * const tokens = tokenServiceFromEnvironment({ name: 'orders' });
 * const stopObserving = observeTokens(tokens);
 * ```
 */
export function observeTokens(tokens: TokenService | TokenServices, options: ObserveTokensOptions = {}): () => void {
  const owner = 'observeTokens';
  checkArgument(owner, 'tokens', tokens, tokenService);
  checkOptions(owner, options, { meterProvider: objectWith('getMeter'), tracerProvider: objectWith('getTracer') });
  const { [observeKey]: observe } = tokens as unknown as Readonly<Record<symbol, Observation['observe']>>;
  const first = tokens.stats();
  const common = 'services' in first ? { 'm2m.client.name': first.name } : commonAttributes(first);
  const spanAttributes = 'services' in first ? attributesOfOrigin : () => common;

  const meter = attempt('meter', () => (options.meterProvider ?? metrics.getMeterProvider()).getMeter(name));
  const tracer = attempt('tracer', () => (options.tracerProvider ?? trace.getTracerProvider()).getTracer(name));
  const toMetrics = meter && attempt('meter', () => eventMetrics(meter, common));
  const spans = tracer && grantSpans(tracer, spanAttributes);

  const stop = observe?.({
    name,
    onEvent: eventSink(toMetrics, spans?.onEvent),
    aroundGrant: (grant, run) => spans?.aroundGrant(grant, run),
  });
  const stopMetrics = meter && attempt('meter', () => stateMetrics(meter, { stats: () => stateOf(tokens) }, common));
  return () => {
    stop?.();
    attempt('meter', () => stopMetrics?.());
  };
}

function stateOf(tokens: TokenService | TokenServices): ObservedState {
  const stats = tokens.stats();
  return 'services' in stats ? combinedState(stats) : stats;
}

/** The name of the meter, the tracer and the observer. */
const name = 'm2m-tokens';

const isService = objectWith('stats');
const tokenService: Check = (value) =>
  isService(value) === undefined && observeKey in (value as object)
    ? undefined
    : 'a token service, made by createTokenService or tokenServiceFromEnvironment, or the result of createTokenServices';

/** Telemetry that fails must not prevent a service from starting. */
function attempt<T>(part: string, action: () => T): T | undefined {
  let result: T | undefined;
  warnOnFailure()(`The OpenTelemetry ${part} of m2m-tokens failed`, () => {
    result = action();
  });
  return result;
}
