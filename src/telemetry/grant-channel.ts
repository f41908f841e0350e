import { AsyncLocalStorage } from 'node:async_hooks';
import { tracingChannel } from 'node:diagnostics_channel';

import type { ObservedGrant, Observer } from './observer.js';

/** What subscribers of the tracing channel get. Node.js adds `result` or `error`. */
interface GrantMessage extends ObservedGrant {
  /** Number of requests that were sent for this grant, including resends (RFC 9449 §8). */
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
  const owner = {};

  return {
    name,
    channel: grants,
    onEvent(event) {
      const isEnd = event.type === 'grant.succeeded' || event.type === 'grant.failed';
      const current = currentGrant.getStore();
      if (isEnd && current?.owner === owner) current.message.attempts = event.attempt ?? current.message.attempts;
    },
    aroundGrant(grant, run) {
      const message = { ...grant, attempts: 0 };
      return currentGrant.run({ owner, message }, () => grants.tracePromise(run, message));
    },
  };
}

/**
 * The grant that the code runs for: an event does not name its grant, and grants for other token requests may run at the
 * same time. One storage for all token services, which `owner` tells apart: before version 24, Node.js never drops a storage
 * that was used, and copies the value of each one to each promise.
 */
const currentGrant = new AsyncLocalStorage<{ readonly owner: object; readonly message: GrantMessage }>();
