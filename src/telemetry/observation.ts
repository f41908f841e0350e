import { channel } from 'node:diagnostics_channel';

import { ConfigurationError } from '../core/errors.js';
import { eventSink, warnOfFailure } from '../core/event-sink.js';
import type { EventSink, GrantReason, TokenEvent } from '../core/events.js';

/** A grant with all of its attempts, when it begins. */
export interface ObservedGrant {
  readonly service: string;
  readonly authorizationServer: string;
  readonly clientId: string;
  readonly requestedScope: string | undefined;
  readonly reason: GrantReason | undefined;
  /** Whether callers get another token if the grant fails. */
  readonly hasFallback: boolean;
}

/** The result of a grant, without the token. */
export interface GrantResult {
  readonly scope: string | undefined;
  readonly expiresAt: number;
}

/** Observes one token service. If it throws or rejects, the result is a process warning. */
export interface Observer {
  /** Only one observer of each name can observe a token service. */
  readonly name: string;
  /** Called with each event of the service and of its adapters, before any other sink. */
  readonly onEvent: EventSink;
  /** Called around each grant. It calls `run` once, before it returns. Its own result is ignored. */
  aroundGrant(grant: ObservedGrant, run: () => Promise<GrantResult>): unknown;
}

/** The observers of one token service. */
export interface Observation {
  readonly onEvent: (event: TokenEvent) => void;
  readonly aroundGrant: (grant: ObservedGrant, run: () => Promise<GrantResult>) => Promise<GrantResult>;
  /**
   * Adds an observer. Returns a function that removes it.
   * @throws {ConfigurationError} if an observer of the same name is present
   */
  readonly observe: (observer: Observer) => () => void;
}

/**
 * The member of a token service that adds an observer. Other copies of this package find it too, for example CommonJS
 * files beside ES modules.
 */
export const observeKey: symbol = Symbol.for('m2m-tokens.observe');

/** Makes a set of observers. It publishes each event to the channel `m2m-tokens:event` as well. */
export function observation(): Observation {
  const events = channel('m2m-tokens:event');
  const observers = new Map<string, Observer>();
  let toObservers = eventSink();

  function updateSink(): void {
    toObservers = eventSink(...[...observers.values()].map(({ onEvent }) => onEvent));
  }

  return {
    onEvent(event) {
      toObservers(event);
      if (events.hasSubscribers) events.publish(event);
    },
    aroundGrant(grant, run) {
      const nested = [...observers.values()].reduceRight((inner, each) => () => observed(each, grant, inner), run);
      return nested();
    },
    observe(observer) {
      const { name } = observer;
      if (observers.has(name)) {
        throw new ConfigurationError(`${name} observes this token service already; stop that observation first`);
      }
      observers.set(name, observer);
      updateSink();
      return () => {
        if (observers.get(name) !== observer) return;
        observers.delete(name);
        updateSink();
      };
    },
  };
}

/** Runs a grant exactly once, whatever its observer does. */
function observed(observer: Observer, grant: ObservedGrant, run: () => Promise<GrantResult>): Promise<GrantResult> {
  let running: Promise<GrantResult> | undefined;
  const runOnce = () => (running ??= run());
  const warn = (error: unknown) => warnOfFailure(`The observer ${observer.name} failed on a grant`, error);

  async function rejected(error: unknown): Promise<void> {
    // The observer may return the promise of the grant.
    const own: unknown = await runOnce().then(
      () => undefined,
      (reason: unknown) => reason,
    );
    if (error !== own) warn(error);
  }

  try {
    const outcome = observer.aroundGrant(grant, runOnce) as PromiseLike<unknown> | undefined;
    if (typeof outcome?.then === 'function') outcome.then(undefined, rejected);
  } catch (error) {
    warn(error);
  }
  return runOnce();
}
