import { AsyncLocalStorage } from 'node:async_hooks';

import {
  type Attributes,
  context,
  createContextKey,
  isSpanContextValid,
  type Span,
  SpanKind,
  SpanStatusCode,
  trace,
  type Tracer,
} from '@opentelemetry/api';

import { isTokenError } from '../../core/errors.js';
import type { EventOrigin, GrantFacts, TokenEvent } from '../../core/events.js';
import type { ObservedGrant, Observer } from '../observer.js';
import { errorType } from './attributes.js';

/** Makes a span of each grant. */
export type GrantSpans = Pick<Observer, 'onEvent' | 'aroundGrant'>;

/** The span of a grant that is under way. */
interface GrantSpan {
  /** Tells the token services apart. */
  readonly owner: object;
  readonly span: Span;
  /** Number of requests that were sent. */
  attempts: number;
}

/**
 * Makes a span `m2m.token.grant` of each grant. A renewal in the background is a trace of its own, which is linked to
 * the span that triggered it. A caller that waits for the grant of another caller gets an event on its own span.
 * `attributesOf` returns the attributes of one token service.
 */
export function grantSpans(tracer: Tracer, attributesOf: (origin: EventOrigin) => Attributes): GrantSpans {
  const owner = {};

  function startSpan(grant: ObservedGrant): Span {
    const { reason } = grant;
    const trigger = trace.getSpanContext(context.active());
    const isInBackground = reason === 'advisory' || reason === 'watch';
    const isLinked = isInBackground && trigger !== undefined && isSpanContextValid(trigger);
    return tracer.startSpan('m2m.token.grant', {
      // It covers all attempts and the waits between them. Each request is a span of kind CLIENT, by the HTTP client.
      kind: SpanKind.INTERNAL,
      attributes: { ...attributesOf(grant), ...(reason && { 'm2m.grant.reason': reason }) },
      root: isInBackground,
      links: isLinked ? [{ context: trigger }] : [],
    });
  }

  return {
    async aroundGrant(grant, run) {
      if (isSuppressed()) return run();
      const span = startSpan(grant);
      const runInSpan = () => context.with(trace.setSpan(context.active(), span), run);
      // A span that is not sampled is the parent of the requests, too.
      if (!span.isRecording()) return runInSpan();
      const grantSpan = { owner, span, attempts: 0 };
      try {
        return await currentGrant.run(grantSpan, runInSpan);
      } catch (error) {
        setError(span, error, grant);
        throw error;
      } finally {
        span.setAttribute('m2m.grant.attempts', grantSpan.attempts);
        span.end();
      }
    },
    onEvent(event) {
      const grantSpan = currentGrant.getStore();
      if (grantSpan?.owner === owner) recordInGrant(event, grantSpan);
      if (event.type === 'token.awaited' && event.source === 'joined') recordInCaller(event, event.durationMs);
    },
  };

  /** The caller waited for the grant of another caller. */
  function recordInCaller(origin: EventOrigin, durationMs: number): void {
    const span = trace.getActiveSpan();
    if (span?.isRecording() !== true || isSuppressed()) return;
    span.addEvent('m2m.token.joined', { ...attributesOf(origin), 'm2m.token.wait.duration': durationMs / 1_000 });
  }
}

/**
 * The grant that the code runs for: an event does not name its grant. This also works without a context manager of
 * OpenTelemetry. One storage for all token services: before version 24, Node.js never drops a storage that was used, and
 * copies the value of each one to each promise.
 */
const currentGrant = new AsyncLocalStorage<GrantSpan>();

/**
 * Whether the caller is an exporter of spans. Its own token requests make no spans; otherwise each export would cause
 * another. The key is that of `suppressTracing` in @opentelemetry/core.
 */
const isSuppressed = (): boolean =>
  context.active().getValue(createContextKey('OpenTelemetry SDK Context Key SUPPRESS_TRACING')) === true;

function recordInGrant(event: TokenEvent, grantSpan: GrantSpan): void {
  const { span } = grantSpan;
  switch (event.type) {
    case 'grant.succeeded':
    case 'grant.failed':
      grantSpan.attempts = event.attempt ?? grantSpan.attempts;
      if (event.dpopNonce) span.addEvent('m2m.dpop.nonce', attemptOf(event));
      break;
    case 'grant.retry_scheduled':
      span.addEvent('m2m.grant.retry', {
        ...attemptOf(event),
        'm2m.grant.retry_after': event.retryAfterMs / 1_000,
        'error.type': errorType(event.error),
      });
      break;
    case 'credential.reread':
      span.addEvent('m2m.credential.reread', { 'm2m.credential': event.credential });
      break;
    default:
  }
}

const attemptOf = ({ attempt }: GrantFacts): Attributes =>
  attempt === undefined ? {} : { 'm2m.grant.attempt': attempt };

function setError(span: Span, error: unknown, { hasFallback }: ObservedGrant): void {
  span.setAttribute('error.type', errorType(error));
  // If callers have another token, no caller failed.
  if (hasFallback) return;
  span.setStatus({ code: SpanStatusCode.ERROR, ...(isTokenError(error) && { message: error.message }) });
}
