import { type Clock, elapsedMs, type Instant, instant } from '../core/clock.js';
import type { TokenEvent } from '../core/events.js';

/** What tells one failure from another. */
export interface FailureKind {
  readonly type: TokenEvent['type'];
  readonly detail: readonly string[];
  /** Set if only a token for this scope ends the failure. */
  readonly scope?: string | undefined;
}

/** The type of a failure, and how often it has been repeated. */
export type Repetition = readonly [type: TokenEvent['type'], count: number];

/** The failures of one token service. */
export interface RepeatedFailures {
  /** Whether this failure is logged. Otherwise it is counted as a repetition. */
  isDue(kind: FailureKind): boolean;
  /** Whether a failure of this type has not ended. */
  isOpen(type: TokenEvent['type']): boolean;
  /** Ends the failures of these types. Returns whether one of them was logged, so that its end is logged too. */
  end(types: readonly TokenEvent['type'][], scope: string | undefined): boolean;
  /** Returns the repetitions by type, and counts from 0 again. */
  takeRepetitions(): readonly Repetition[];
}

interface Failure {
  readonly type: TokenEvent['type'];
  scope: string | undefined;
  /** `counted`: it returned soon after its end and has not been logged again. */
  state: 'logged' | 'counted' | 'ended';
  loggedAt: Instant;
  /** The shortest time between two lines if the failure ends in between. */
  intervalMs: number;
  /** Occurrences without a line, since the repetitions were last taken. */
  repetitions: number;
}

const hourMs = 3_600_000;
const firstIntervalMs = 60_000;
const maxIntervalMs = 900_000;
const maxKinds = 50;

/**
 * Decides which failures are logged: each kind once, and again after an hour. A failure that returns after its end is
 * logged at intervals that double from one minute to a quarter of an hour. An operator who sees the first lines knows that
 * it comes and goes.
 */
export function repeatedFailures(clock: Clock): RepeatedFailures {
  const failures = new Map<string, Failure>();

  // Failures beyond the limit count as one kind per type, so that neither the log nor the memory grows with them.
  function keyOf({ type, detail, scope }: FailureKind): string {
    const key = JSON.stringify([type, scope, ...detail]);
    if (failures.has(key) || failures.size < maxKinds) return key;
    for (const [old, { loggedAt }] of failures) if (elapsedMs(loggedAt, clock) >= hourMs) failures.delete(old);
    return failures.size < maxKinds ? key : type;
  }

  return {
    isDue(kind) {
      const key = keyOf(kind);
      const { type, scope } = kind;
      const last = failures.get(key);
      const agoMs = last === undefined ? Infinity : elapsedMs(last.loggedAt, clock);
      if (last !== undefined && agoMs < (last.state === 'logged' ? hourMs : last.intervalMs)) {
        if (last.state === 'ended') last.state = 'counted';
        last.repetitions += 1;
        return false;
      }
      const intervalMs = last !== undefined && agoMs < 4 * last.intervalMs ? 2 * last.intervalMs : firstIntervalMs;
      failures.set(key, {
        type,
        scope,
        state: 'logged',
        loggedAt: instant(clock),
        intervalMs: Math.min(maxIntervalMs, intervalMs),
        repetitions: last?.repetitions ?? 0,
      });
      return true;
    },
    isOpen: (type) => [...failures.values()].some((failure) => failure.type === type && failure.state !== 'ended'),
    end(types, scope) {
      let wasLogged = false;
      for (const failure of failures.values()) {
        if (!types.includes(failure.type) || (failure.scope !== undefined && failure.scope !== scope)) continue;
        wasLogged ||= failure.state === 'logged';
        failure.state = 'ended';
      }
      return wasLogged;
    },
    takeRepetitions() {
      const counts = new Map<TokenEvent['type'], number>();
      for (const failure of failures.values()) {
        if (failure.repetitions > 0) counts.set(failure.type, (counts.get(failure.type) ?? 0) + failure.repetitions);
        failure.repetitions = 0;
      }
      return [...counts];
    },
  };
}
