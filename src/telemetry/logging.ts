import { anyClock, checkArgument, checkOptions, objectWith } from '../core/check-options.js';
import { type Clock, systemClock } from '../core/clock.js';
import type { EventSink, TokenEvent } from '../core/events.js';
import { eventLevels, type EventLevels } from './event-levels.js';
import { eventSentence } from './event-sentence.js';
import { loggedError } from './logged-error.js';

/** A pino logger, a winston logger, or another logger with these methods. */
export type EventLogger = Readonly<
  Record<'debug' | 'info' | 'warn' | 'error', (facts: object, message: string) => unknown>
>;

/** Options of {@link logEvents}. */
export interface LogEventsOptions {
  /** For tests. @default the system clock */
  readonly clock?: Clock | undefined;
}

/** More services than this in one log are forgotten, the least recently used one first. */
const maxServices = 100;

/**
 * Makes an event sink that writes events to a logger. The logged object has the members of the event, and the message
 * is a sentence. The member `service` is logged as `tokenService`, because `service` usually names the program that
 * writes the log. The member `error` is logged as `err`, without a stack if it is a {@link TokenError}.
 *
 * - `error`: a caller got no token, or a token expires within a minute and cannot be renewed.
 * - `warn`: a failure that callers do not notice, for example of a renewal while the token is valid.
 * - `info`: a state change, for example the first token, a recovery or a rotated secret.
 * - `debug`: all other events.
 *
 * A failure that repeats is logged once, and again after an hour; its repetitions are `debug`. The next line of the
 * same token service has the number of repetitions in the member `repeated` and in its sentence. A failure that keeps
 * returning after a recovery is logged again after 1, 2, 4 and 8 minutes, then every 15 minutes.
 * @throws {ConfigurationError} if `logger` lacks one of these methods
 * @example
 * ```ts
 * import { logEvents, staticToken } from 'm2m-tokens';
 * import { withBearerToken } from 'm2m-tokens/fetch';
 * import { pino } from 'pino';
 *
 * // The option `logger` of createTokenService does the same for a token service and its adapters.
 * const authorizedFetch = withBearerToken(fetch, staticToken('a-token'), {
 *   origins: ['https://api.example.com'],
 *   onEvent: logEvents(pino()),
 * });
 * ```
 */
export function logEvents(logger: EventLogger, options: LogEventsOptions = {}): EventSink {
  checkArgument('logEvents', 'logger', logger, objectWith('debug', 'info', 'warn', 'error'));
  checkOptions('logEvents', options, { clock: anyClock });
  const { clock = systemClock } = options;
  const services = new Map<string, EventLevels>();
  const takesOneObject = isWinston(logger);

  function levelsOf({ service, authorizationServer }: TokenEvent): EventLevels {
    // Without a token service, only the events of grants name the authorization server.
    const key = service === undefined ? '' : JSON.stringify([service, authorizationServer]);
    const levels = services.get(key) ?? eventLevels(clock);
    services.delete(key);
    services.set(key, levels);
    for (const oldest of services.keys()) {
      if (services.size <= maxServices) break;
      services.delete(oldest);
    }
    return levels;
  }

  return (event) => {
    const { level, repeated } = levelsOf(event).take(event);
    const facts = { ...factsOf(event), ...(repeated.length > 0 && { repeated: sumOf(repeated) }) };
    const message = [eventSentence(event), ...sinceLastLine(repeated)].join('; ');
    // Some loggers return a promise: the event sink handles its rejection.
    if (takesOneObject) return Reflect.apply(logger[level], logger, [{ ...facts, message }]) as unknown;
    return logger[level](facts, message);
  };
}

/**
 * Whether a logger is one of winston. It would take the facts for the message and drop the sentence; it takes one object
 * with both. Only its loggers have both members.
 */
const isWinston = (logger: object): boolean => 'transports' in logger && 'rejections' in logger;

function factsOf(event: TokenEvent): object {
  const { type, service, error, ...facts } = { error: undefined, ...event };
  return {
    type,
    ...(service !== undefined && { tokenService: service }),
    ...facts,
    // pino, Fastify and bunyan know an error by this name.
    ...('error' in event && { err: loggedError(error) }),
  };
}

type Repetitions = ReturnType<EventLevels['take']>['repeated'];

const sumOf = (repeated: Repetitions): number => repeated.reduce((sum, [, count]) => sum + count, 0);

const sinceLastLine = (repeated: Repetitions): string[] =>
  repeated.length === 0
    ? []
    : [`since the last line: ${repeated.map(([type, count]) => `${count} more ${type}`).join(', ')}`];
