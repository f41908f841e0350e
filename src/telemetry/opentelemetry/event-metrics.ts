import type { Attributes, Meter, MetricOptions } from '@opentelemetry/api';

import type { EventSink, TokenEvent } from '../../core/events.js';
import { errorType, hostOf, limitedErrorTypes } from './attributes.js';

/** Creates the instruments that record events, and returns the sink that records them. */
export function eventMetrics(meter: Meter, common: Attributes): EventSink {
  const grantDuration = meter.createHistogram('m2m.token.grant.duration', {
    description: 'Duration of the attempts of grants, with their preparation if it failed',
    ...secondsUpTo(10),
  });
  const waitDuration = meter.createHistogram('m2m.token.wait.duration', {
    description: 'Time that callers waited for a token, without the callers that got one from memory',
    ...secondsUpTo(10),
  });
  const storeDuration = meter.createHistogram('m2m.store.operation.duration', {
    description: 'Duration of the operations of the shared store',
    ...secondsUpTo(0.25),
  });
  const suppressed = meter.createCounter('m2m.grant.suppressed', {
    description: 'Grants that were not sent, because of an earlier failure or another replica',
    unit: '{grant}',
  });
  const rejected = meter.createCounter('m2m.request.rejected', {
    description: 'Requests whose token or DPoP proof an API rejected',
    unit: '{request}',
  });
  const storeErrorType = limitedErrorTypes();

  return (event) => {
    switch (event.type) {
      case 'grant.succeeded':
      case 'grant.failed': {
        const reason = event.reason ?? 'cold';
        return grantDuration.record(secondsOf(event), { ...common, 'm2m.grant.reason': reason, ...failureOf(event) });
      }
      case 'token.awaited':
      case 'token.unavailable': {
        const source = event.type === 'token.awaited' ? event.source : 'error';
        return waitDuration.record(secondsOf(event), { ...common, 'm2m.token.source': source, ...failureOf(event) });
      }
      case 'store.called': {
        const { operation, failure } = event;
        const failed = failure !== undefined && { 'error.type': storeErrorType(failure) };
        return storeDuration.record(secondsOf(event), { ...common, 'm2m.store.operation': operation, ...failed });
      }
      case 'grant.suppressed':
        return suppressed.add(1, { ...common, 'm2m.suppression': event.suppression });
      case 'request.resent':
      case 'request.not_resent': {
        const api = { 'server.address': hostOf(event.origin) };
        return rejected.add(1, { ...common, ...api, 'm2m.rejection.outcome': rejectionOutcomes[event.reason] });
      }
      default:
    }
  };
}

// The default buckets of the SDK suit milliseconds.
const secondsUpTo = (longest: number): MetricOptions => ({
  unit: 's',
  advice: { explicitBucketBoundaries: bucketBoundaries.filter((seconds) => seconds <= longest) },
});

const bucketBoundaries = [0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.075, 0.1, 0.25, 0.5, 0.75, 1, 2.5, 5, 7.5, 10];

const secondsOf = ({ durationMs }: { readonly durationMs: number }): number => durationMs / 1_000;

const failureOf = (event: TokenEvent): Attributes => ('error' in event ? { 'error.type': errorType(event.error) } : {});

const rejectionOutcomes = {
  'token rejected': 'resent',
  'dpop nonce': 'dpop_nonce',
  'same token': 'same_token',
  'body cannot be sent twice': 'body',
  'resend option': 'resend_option',
  redirected: 'redirected',
  'token not rejected': 'not_rejected',
  'resent already': 'resent_already',
} as const satisfies Record<Extract<TokenEvent, { type: `request.${string}` }>['reason'], string>;
