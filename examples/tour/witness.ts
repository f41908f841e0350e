import type { EventSink, TokenEvent } from 'm2m-tokens';

import type { AuthorizationServer } from './authorization-server.js';
import type { ProtectedApi } from './protected-api.js';
import type { Timeline } from './timeline.js';

/** What happened in a while, as each of those involved has counted it. */
export interface Counts {
  /** Tokens that the authorization server has issued, and grants that it has refused. */
  readonly granted: number;
  readonly refused: number;
  /** What the API was asked and has answered: `'GET 200'`, for one. */
  readonly answered: readonly string[];
  /** The events of the library. */
  readonly events: readonly TokenEvent['type'][];
}

/** Sees everything that happens, and takes no part in it. */
export interface Witness {
  readonly onEvent: EventSink;
  /** Begins to count; the function that it returns tells what has happened since. */
  count(): () => Counts;
}

/** A witness who also tells the timeline of every event. */
export function witness(server: AuthorizationServer, api: ProtectedApi, timeline: Timeline): Witness {
  const events: TokenEvent['type'][] = [];

  return {
    onEvent(event) {
      events.push(event.type);
      timeline.note(sentenceFor(event));
    },
    count() {
      const before = { ...server.counts, answered: api.answered.length, events: events.length };
      return () => ({
        granted: server.counts.granted - before.granted,
        refused: server.counts.refused - before.refused,
        answered: api.answered.slice(before.answered),
        events: events.slice(before.events),
      });
    },
  };
}

function sentenceFor(event: TokenEvent): string {
  switch (event.type) {
    case 'grant.succeeded':
      return `event ${event.type}: a token for ${event.lifetimeMs / 1_000} s, after ${Math.round(event.durationMs)} ms`;
    case 'grant.failed':
      return `event ${event.type}, after ${Math.round(event.durationMs)} ms`;
    case 'request.resent':
      return `event ${event.type}: the API rejected the token; the ${event.method.toUpperCase()} is sent again with another`;
    default:
      return `event ${event.type}`;
  }
}
