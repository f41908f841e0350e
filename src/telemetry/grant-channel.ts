import { AsyncLocalStorage } from 'node:async_hooks';
import { tracingChannel } from 'node:diagnostics_channel';

import type { ObservedGrant, Observer } from './observer.js';

/** What subscribers of the tracing channel get. Node.js adds `result` or `error`. */
interface GrantMessage extends ObservedGrant {
  /** Number of token requests that were sent for this grant, including resends (RFC 9449 §8). */
  attempts: number;
}

/** An observer that publishes grants to the tracing channel `m2m-tokens:grant`. */
export interface GrantChannel extends Observer {
  readonly channel: { readonly hasSubscribers: boolean };
}

/**
 * Makes the observer that publishes grants. Only call it while the channel has subscribers.
 * @see [TracingChannel](https://nodejs.org/api/diagnostics_channel.html#class-tracingchannel)
 */
export function grantChannel(): GrantChannel {
  const name = 'm2m-tokens:grant';
  const grants = tracingChannel<unknown, GrantMessage>(name);
  // An event does not name its grant, and grants for other token requests may run at the same time.
  const current = new AsyncLocalStorage<GrantMessage>();

  return {
    name,
    channel: grants,
    onEvent(event) {
      const message = current.getStore();
      const isEnd = event.type === 'grant.succeeded' || event.type === 'grant.failed';
      if (isEnd && message !== undefined) message.attempts = event.attempt ?? message.attempts;
    },
    aroundGrant(grant, run) {
      const message = { ...grant, attempts: 0 };
      return current.run(message, () => grants.tracePromise(run, message));
    },
  };
}
