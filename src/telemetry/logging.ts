import { checkArgument, objectWith } from '../core/check-options.js';
import type { EventSink, TokenEvent } from '../core/events.js';

/** A pino logger, or another logger with these methods. */
export type EventLogger = Readonly<
  Record<'debug' | 'info' | 'warn' | 'error', (facts: object, message: string) => unknown>
>;

/**
 * Makes an event sink that writes each event to a pino logger: the event is the logged object, and a sentence is the
 * message. Routine events are `info` or `debug`. Failures that the library recovers from are `warn`; a failed grant is
 * `error`.
 * @throws {ConfigurationError} if `logger` lacks one of these methods
 * @example
 * ```ts
 * import { logEvents, tokenServiceFromEnvironment } from 'm2m-tokens';
 * import { withBearerToken } from 'm2m-tokens/fetch';
 * import { pino } from 'pino';
 *
 * const onEvent = logEvents(pino());
 * const tokens = tokenServiceFromEnvironment({ onEvent });
 * const authorizedFetch = withBearerToken(fetch, tokens, { origins: ['https://api.example.com'], onEvent });
 * ```
 */
export function logEvents(logger: EventLogger): EventSink {
  checkArgument('logEvents', 'logger', logger, objectWith('debug', 'info', 'warn', 'error'));
  return (event) => {
    // pino serializes an error under the key "err".
    const { error, ...facts } = { error: undefined, ...event };
    // Some loggers return a promise: the event sink handles its rejection.
    return logger[levels[event.type]](error === undefined ? facts : { ...facts, err: error }, sentenceFor(event));
  };
}

const levels = {
  'grant.succeeded': 'info',
  'grant.failed': 'error',
  'grant.retry_scheduled': 'debug',
  'grant.suppressed': 'debug',
  'credential.reread': 'info',
  'token.awaited': 'debug',
  'token.unavailable': 'error',
  'renewal.failed': 'warn',
  'renewal.recovered': 'info',
  'store.called': 'debug',
  'store.recovered': 'info',
  'token.expired_on_arrival': 'warn',
  'token.lifetime_capped': 'info',
  'token.evicted': 'debug',
  'revocation.failed': 'warn',
  'store.failed': 'warn',
  'request.resent': 'info',
  'request.not_resent': 'warn',
  'http.allowed': 'warn',
} as const satisfies Record<TokenEvent['type'], keyof EventLogger>;

function sentenceFor(event: TokenEvent): string {
  switch (event.type) {
    case 'grant.succeeded':
      return `${event.authorizationServer} granted "${event.clientId}" a token for ${seconds(event.lifetimeMs)}`;
    case 'grant.failed':
      return event.error.message;
    case 'renewal.failed':
      return `a token could not be renewed; it remains valid for ${seconds(event.remainingMs)}, next attempt in ${seconds(event.retryAfterMs)} at the earliest`;
    case 'grant.retry_scheduled':
    case 'grant.suppressed':
    case 'credential.reread':
    case 'token.awaited':
    case 'token.unavailable':
    case 'renewal.recovered':
    case 'store.called':
    case 'store.recovered':
      return event.type;
    case 'token.expired_on_arrival':
      return 'a token had expired on arrival and is not cached; check its lifetime and the clocks of both machines';
    case 'token.lifetime_capped':
      return `the token lifetime of ${event.announcedSeconds} s counts as unlimited; the token is renewed after 24 hours at the latest`;
    case 'token.evicted':
      return 'the least recently used token was dropped; "cache.maxTokens" is lower than the number of different token requests';
    case 'revocation.failed':
      return `tokens that could not be revoked: ${event.tokens}; ${event.error.message}`;
    case 'store.failed':
      return `the shared store failed (${event.operation}: ${event.failure}); tokens are not shared, next attempt in ${seconds(event.retryAfterMs)}`;
    case 'request.resent':
      return `${event.origin} rejected the token of a ${event.method.toUpperCase()}; resending with another token`;
    case 'request.not_resent':
      return `${event.origin} did not accept the token or DPoP proof of a ${event.method.toUpperCase()}; not resent (${event.reason})`;
    case 'http.allowed':
      return `dangerouslyAllowHttp allows http to ${event.origins.join(', ')}: without a service mesh that encrypts, secrets and tokens can be read in transit`;
  }
}

const seconds = (ms: number): string => `${Math.round(ms / 100) / 10} s`;
