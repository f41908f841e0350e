import type { Clock } from '../core/clock.js';
import { toErrorLike } from '../core/error-causes.js';
import { isTokenError } from '../core/errors.js';
import type { TokenEvent } from '../core/events.js';
import { type Repetition, repeatedFailures } from './repeated-failures.js';

/** The levels of the log. */
export type LogLevel = 'debug' | 'info' | 'warn' | 'error';

/** Gives each event of one token service its level. */
export interface EventLevels {
  /** The level of an event. If it is above `debug`, also the repetitions of failures since the last such event. */
  take(event: TokenEvent): { readonly level: LogLevel; readonly repeated: readonly Repetition[] };
}

/** Below this remaining validity, a renewal that fails is an error: callers are about to fail. */
const urgentMs = 60_000;

/**
 * Gives events their levels. State changes are `info`. A failure is `warn`, or `error` if a caller has failed or is going
 * to fail within a minute. All repetitions are `debug`, as are routine events.
 */
export function eventLevels(clock: Clock): EventLevels {
  const failures = repeatedFailures(clock);
  let hasGranted = false;

  const once = (level: LogLevel, { type }: TokenEvent, detail: readonly string[], scope?: string): LogLevel =>
    failures.isDue({ type, detail, scope }) ? level : 'debug';

  const recovered = (scope: string | undefined, ...types: readonly TokenEvent['type'][]): LogLevel =>
    failures.end(types, scope) ? 'info' : 'debug';

  function levelOf(event: TokenEvent): LogLevel {
    switch (event.type) {
      case 'grant.succeeded': {
        // The token had expired on arrival: `token.expired_on_arrival` follows.
        if (event.durationMs >= event.lifetimeMs) return 'debug';
        const isFirst = !hasGranted;
        hasGranted = true;
        // After a failed renewal, `renewal.recovered` follows.
        if (failures.isOpen('renewal.failed')) return isFirst ? 'info' : 'debug';
        const level = recovered(event.requestedScope, 'token.unavailable');
        return isFirst ? 'info' : level;
      }
      case 'token.awaited':
        // The token of a grant may have expired on arrival: only `grant.succeeded` tells.
        return event.source === 'shared_store' ? recovered(event.requestedScope, 'token.unavailable') : 'debug';
      case 'renewal.recovered':
        return recovered(event.requestedScope, 'renewal.failed', 'token.unavailable');
      case 'store.recovered':
        return recovered(undefined, 'store.failed');
      case 'renewal.failed': {
        const level = event.remainingMs < urgentMs ? 'error' : 'warn';
        return once(level, event, [level, ...codesOf(event.error)], scopeOf(event));
      }
      case 'token.unavailable':
        return once('error', event, codesOf(event.error), scopeOf(event));
      case 'store.failed':
        return once('warn', event, [event.failure]);
      case 'revocation.failed':
        return once('warn', event, codesOf(event.error));
      case 'request.resent':
        return once('info', event, [event.origin, event.reason]);
      case 'request.not_resent':
        return once('warn', event, [event.origin, event.reason]);
      case 'token.expired_on_arrival':
        return once('warn', event, []);
      case 'token.lifetime_capped':
        return once('info', event, []);
      case 'http.allowed':
        return once('warn', event, event.origins);
      case 'credential.reread':
        // Assertions are short-lived: a new one is routine.
        return event.credential === 'assertion' ? 'debug' : 'info';
      case 'grant.failed':
      case 'grant.retry_scheduled':
      case 'grant.suppressed':
      case 'store.called':
      case 'token.evicted':
        return 'debug';
    }
  }

  return {
    take(event) {
      const level = levelOf(event);
      return { level, repeated: level === 'debug' ? [] : failures.takeRepetitions() };
    },
  };
}

/** The codes that tell one failure from another. */
function codesOf(error: unknown): string[] {
  const { name, code } = toErrorLike(error);
  return [code ?? name, oauthError(error) ?? ''];
}

const oauthError = (error: unknown): string | undefined =>
  isTokenError(error) && error.code === 'ERR_GRANT_REJECTED' ? error.error : undefined;

/** The scope of a failure that other scopes need not have: a token for one of those is no recovery. */
const scopeOf = ({
  requestedScope,
  error,
}: {
  requestedScope: string | undefined;
  error: unknown;
}): string | undefined => (ofOneScope.has(oauthError(error)) ? requestedScope : undefined);

const ofOneScope = new Set<string | undefined>(['invalid_scope', 'invalid_target', 'invalid_request', 'access_denied']);
