import { cleanText } from './clean-text.js';
import type { EventSink, TokenEvent } from './events.js';

const isSafe: unique symbol = Symbol('isSafe');

/** A sink that never throws, and returns nothing. */
export type SafeEventSink = (event: TokenEvent) => void;

/** Marks a sink that never throws, so that `eventSink` does not wrap it again. */
export const safeSink = (sink: SafeEventSink): SafeEventSink => Object.assign(sink, { [isSafe]: true });

/**
 * Makes a sink that passes each event to all of `sinks`. An exception or a rejection becomes a process warning. Scopes
 * are cut to 300 characters, and durations are rounded to whole milliseconds.
 */
export function eventSink(...sinks: readonly (EventSink | undefined)[]): SafeEventSink {
  const present = sinks.filter((sink) => sink !== undefined);
  const [first] = present;
  if (present.length === 1 && first !== undefined && isSafe in first) return first;
  return safeSink((event) => {
    if (present.length === 0) return;
    const bounded = withBounds(event);
    for (const sink of present) {
      try {
        // The promise may be one of another realm or of another library.
        const outcome = sink(bounded) as PromiseLike<unknown> | undefined;
        if (typeof outcome?.then === 'function') outcome.then(undefined, (error: unknown) => warn(event, error));
      } catch (error) {
        warn(event, error);
      }
    }
  });
}

const maxScopeLength = 300;

const warn = ({ type }: TokenEvent, error: unknown): void =>
  warnOfFailure(`An event sink of m2m-tokens failed on "${type}"`, error);

/** Emits a process warning about the failure of a sink or an observer. */
export function warnOfFailure(message: string, error: unknown): void {
  process.emitWarning(`${message}: ${textOf(error)}`);
}

function withBounds(event: TokenEvent): TokenEvent {
  const bounded: Record<string, unknown> = { ...event };
  for (const [name, value] of Object.entries(bounded)) {
    if (typeof value === 'number' && name.endsWith('Ms')) bounded[name] = Math.round(value);
    const isLong = typeof value === 'string' && value.length > maxScopeLength;
    if (isLong && /scope$/i.test(name)) bounded[name] = cleanText(value);
  }
  return bounded as object as TokenEvent;
}

// The conversion of a thrown value may throw as well.
function textOf(error: unknown): string {
  try {
    return cleanText(String(error));
  } catch {
    return 'unknown error';
  }
}
