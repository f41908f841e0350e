import { inspect } from 'node:util';

import type { EventSink, TokenEvent } from 'm2m-tokens';

import { sentenceFor } from './event-sentence.js';
import type { Timeline } from './print/timeline.js';
import type { AuthorizationServer } from './servers/authorization-server.js';

/** What the servers and the library did in a period. */
export interface Counts extends Readonly<AuthorizationServer['counts']> {
  /** Method and status of the responses of the API, such as `'GET 200'`. */
  readonly responses: readonly string[];
  /** The number of events of a type. */
  readonly events: (type: TokenEvent['type']) => number;
}

/** Counts grants, responses and events, and prints every event on the timeline. */
export function startRecorder({ counts }: AuthorizationServer, responses: readonly string[], timeline: Timeline) {
  const events: TokenEvent[] = [];
  const onEvent: EventSink = (event) => {
    events.push(event);
    // Each attempt has an event of its own.
    if (event.type !== 'grant.retry_scheduled') timeline.repeatable(sentenceFor(event));
  };

  return {
    onEvent,
    /** All events, with everything in them. */
    text: () => inspect(events, { depth: null, showHidden: true, maxArrayLength: null, maxStringLength: null }),
    /** Starts a count. The returned function returns the counts since then. */
    count() {
      const before = { ...counts, responses: responses.length, events: events.length };
      return (): Counts => ({
        granted: counts.granted - before.granted,
        rejected: counts.rejected - before.rejected,
        lost: counts.lost - before.lost,
        responses: responses.slice(before.responses),
        events: (type) => events.slice(before.events).filter((event) => event.type === type).length,
      });
    },
  };
}
