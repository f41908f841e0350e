import { AsyncLocalStorage } from 'node:async_hooks';
import { tracingChannel } from 'node:diagnostics_channel';

import type { AccessToken } from '../core/access-token.js';
import { type Clock, systemClock } from '../core/clock.js';
import type { Layer } from '../core/token-source.js';
import { canonicalRequest } from '../core/token-request.js';
import type { Observation, ObservedGrant, Observer } from './observation.js';

/** Options of {@link withGrantChannel}. */
export interface GrantChannelOptions {
  /** The token service. */
  readonly origin: Pick<ObservedGrant, 'service' | 'authorizationServer' | 'clientId'>;
  readonly clock?: Clock | undefined;
}

/**
 * Passes each grant, with all of its attempts, to the observers and to the tracing channel `m2m-tokens:grant`. They do
 * not get the token.
 * @see [TracingChannel](https://nodejs.org/api/diagnostics_channel.html#class-tracingchannel)
 */
export function withGrantChannel(
  observation: Observation,
  { origin, clock = systemClock }: GrantChannelOptions,
): Layer {
  observation.observe(grantChannel());

  return (inner) => ({
    async getToken(request, options = {}) {
      const { reason, replacing, hasFallback = false } = options;
      const { scope: requestedScope } = canonicalRequest(request);
      // The cache returns the token to be replaced while it is valid.
      const isReplacedValid = replacing !== undefined && replacing.remainingMs(clock) > 0;
      const grant = { ...origin, requestedScope, reason, hasFallback: hasFallback || isReplacedValid };
      let token: AccessToken | undefined;
      await observation.aroundGrant(grant, async () => {
        token = await inner.getToken(request, options);
        const { scope, expiresAt } = token;
        return { scope, expiresAt };
      });
      return token as AccessToken;
    },
  });
}

/** What subscribers of the tracing channel get. Node.js adds `result` or `error`. */
interface GrantMessage extends ObservedGrant {
  /** Number of attempts that have ended. */
  attempts: number;
}

/** Publishes grants while the channel has subscribers. */
function grantChannel(): Observer {
  const name = 'm2m-tokens:grant';
  const grants = tracingChannel<unknown, GrantMessage>(name);
  // An event does not name its grant, and grants for other token requests may run at the same time.
  const current = new AsyncLocalStorage<GrantMessage>();

  return {
    name,
    onEvent(event) {
      const message = current.getStore();
      const isEnd = event.type === 'grant.succeeded' || event.type === 'grant.failed';
      if (isEnd && message !== undefined) message.attempts = event.attempt;
    },
    aroundGrant(grant, run) {
      if (!grants.hasSubscribers) return run();
      const message = { ...grant, attempts: 0 };
      return current.run(message, () => grants.tracePromise(run, message));
    },
  };
}
