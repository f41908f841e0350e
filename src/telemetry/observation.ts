import { channel } from 'node:diagnostics_channel';

import type { AccessToken } from '../core/access-token.js';
import { type Clock, systemClock } from '../core/clock.js';
import { ConfigurationError } from '../core/errors.js';
import { eventSink, onlyOnce, safeSink, warnOnFailure } from '../core/event-sink.js';
import type { EventSink, TokenEvent } from '../core/events.js';
import { canonicalRequest, type TokenRequest } from '../core/token-request.js';
import type { GetTokenOptions, Layer } from '../core/token-source.js';
import { grantChannel } from './grant-channel.js';
import type { GrantResult, ObservedGrant, Observer } from './observer.js';

/** The observers of one token service. */
export interface Observation {
  /** Passes an event to the observers and to the channel `m2m-tokens:event`, then to the other sinks. */
  readonly onEvent: (event: TokenEvent) => void;
  /** Passes each grant, with all of its attempts, to the observers. They do not get the token. */
  readonly layer: Layer;
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

/** Options of {@link observation}. */
export interface ObservationOptions {
  /** The token service; no members for the events of several services. Only one service has grants. */
  readonly origin: Partial<Pick<ObservedGrant, 'service' | 'authorizationServer' | 'clientId' | 'grantType'>>;
  /** The sinks of the user. */
  readonly sinks: readonly (EventSink | undefined)[];
  readonly clock?: Clock | undefined;
}

/** Makes the set of observers of one token service. Without observers and subscribers it costs nothing. */
export function observation({ origin, sinks, clock = systemClock }: ObservationOptions): Observation {
  const events = channel('m2m-tokens:event');
  const grants = grantChannel();
  const grantsToChannel = safeObserver(grants);
  const observers = new Map<string, SafeObserver>();
  const toSinks = eventSink(...sinks);
  const toChannel = eventSink((event) => events.publish(event));

  function factsOf(request: TokenRequest | undefined, options: GetTokenOptions): ObservedGrant {
    const { reason, replacing, hasFallback = false } = options;
    // The cache returns the token to be replaced while it is valid.
    const isReplacedValid = replacing !== undefined && replacing.remainingMs(clock) > 0;
    const { scope: requestedScope } = canonicalRequest(request);
    const grant = { ...origin, requestedScope, reason, hasFallback: hasFallback || isReplacedValid };
    return grant as ObservedGrant;
  }

  return {
    onEvent: safeSink((event) => {
      const named = Object.assign({ type: event.type }, origin, event);
      if (grants.channel.hasSubscribers) grantsToChannel.onEvent(named);
      for (const { onEvent } of observers.values()) onEvent(named);
      if (events.hasSubscribers) toChannel(named);
      toSinks(named);
    }),
    layer: (inner) => ({
      async getToken(request, options = {}) {
        const present = [...observers.values(), ...(grants.channel.hasSubscribers ? [grantsToChannel] : [])];
        if (present.length === 0) return inner.getToken(request, options);
        const grant = factsOf(request, options);
        let token: AccessToken | undefined;
        const run = async (): Promise<GrantResult> => {
          token = await inner.getToken(request, options);
          return { scope: token.scope, expiresAt: token.expiresAt };
        };
        await present.reduceRight<() => Promise<GrantResult>>(
          (nested, each) => () => each.aroundGrant(grant, nested),
          run,
        )();
        return token as AccessToken;
      },
    }),
    observe(observer) {
      const { name } = observer;
      if (observers.has(name)) {
        throw new ConfigurationError(`${name} observes this token service already; stop that observation first`);
      }
      const safe = safeObserver(observer);
      observers.set(name, safe);
      return () => {
        if (observers.get(name) === safe) observers.delete(name);
      };
    },
  };
}

/** An observer that neither throws nor rejects. It runs each grant exactly once. */
interface SafeObserver {
  readonly onEvent: (event: TokenEvent) => void;
  readonly aroundGrant: (grant: ObservedGrant, run: () => Promise<GrantResult>) => Promise<GrantResult>;
}

function safeObserver(observer: Observer): SafeObserver {
  const safely = warnOnFailure();

  return {
    onEvent: eventSink(observer.onEvent),
    aroundGrant(grant, run) {
      let running: Promise<GrantResult> | undefined;
      const runOnce = () => (running ??= run());
      // The observer may return the promise of the grant, whose error is none of its own.
      const withoutGrantError = async (error: unknown): Promise<void> => {
        const grantError: unknown = await runOnce().then(
          () => undefined,
          (reason: unknown) => reason,
        );
        if (error !== grantError) throw error;
      };
      safely(`The observer ${observer.name} failed on a grant${onlyOnce}`, () => {
        const outcome = observer.aroundGrant(grant, runOnce) as PromiseLike<unknown> | undefined;
        return typeof outcome?.then === 'function' ? outcome.then(undefined, withoutGrantError) : undefined;
      });
      return runOnce();
    },
  };
}
