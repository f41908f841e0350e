import { cleanText } from './clean-text.js';
import type { EventSink, TokenEvent } from './events.js';

const isSafe: unique symbol = Symbol('isSafe');

/** A sink that never throws, and returns nothing. */
export type SafeEventSink = (event: TokenEvent) => void;

/** Marks a sink that never throws, so that `eventSink` does not wrap it again. */
export const safeSink = (sink: SafeEventSink): SafeEventSink => Object.assign(sink, { [isSafe]: true });

/**
 * Makes a sink that passes each event to all of `sinks`. The first exception or rejection of each of them becomes a
 * process warning. Scopes are cut to 300 characters, and durations are rounded to whole milliseconds.
 */
export function eventSink(...sinks: readonly (EventSink | undefined)[]): SafeEventSink {
  const present = sinks.filter((sink) => sink !== undefined).map((sink) => ({ sink, run: warnOnFailure() }));
  const [first] = present;
  if (present.length === 1 && first !== undefined && isSafe in first.sink) return first.sink;
  return safeSink((event) => {
    if (present.length === 0) return;
    const bounded = withBounds(event);
    for (const { sink, run } of present) {
      run(`An event sink of m2m-tokens failed on "${event.type}"${onlyOnce}`, () => sink(bounded));
    }
  });
}

/** The end of a warning about code that runs again and again. */
export const onlyOnce = '; its further failures are not reported';

/**
 * Makes a function that runs code of the user and returns its result, or `undefined` if it fails. Only the first
 * exception or rejection becomes a process warning, because such code may fail on each event.
 */
export function warnOnFailure(): <T>(failure: string, run: () => T) => T | undefined {
  let hasWarned = false;
  function warn(failure: string, error: unknown): void {
    if (!hasWarned) process.emitWarning(`${failure}: ${textOf(error)}`);
    hasWarned = true;
  }
  return (failure, run) => {
    try {
      const result = run();
      // The promise may be one of another realm or of another library.
      const outcome = result as PromiseLike<unknown> | undefined;
      if (typeof outcome?.then === 'function') outcome.then(undefined, (error: unknown) => warn(failure, error));
      return result;
    } catch (error) {
      warn(failure, error);
      return undefined;
    }
  };
}

const maxScopeLength = 300;

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
