import type { EventSink, TokenEvent } from 'm2m-tokens';

import type { AuthorizationServer } from './authorization-server.js';
import type { ProtectedApi } from './protected-api.js';
import type { Timeline } from './timeline.js';

/** The counts of the authorization server, the API and the library for a period. */
export interface Counts {
  /** Grants that the authorization server has issued and rejected. */
  readonly granted: number;
  readonly rejected: number;
  /** Method and status of the responses of the API, such as `'GET 200'`. */
  readonly responses: readonly string[];
  /** The events of the library. */
  readonly events: readonly TokenEvent['type'][];
}

/** Counts grants, responses and events. */
export interface Recorder {
  readonly onEvent: EventSink;
  /** Starts a count. The returned function returns the counts since then. */
  count(): () => Counts;
}

/** Starts a recorder that also prints every event on the timeline. */
export function startRecorder(server: AuthorizationServer, api: ProtectedApi, timeline: Timeline): Recorder {
  const events: TokenEvent['type'][] = [];

  return {
    onEvent(event) {
      events.push(event.type);
      timeline.note(sentenceFor(event));
    },
    count() {
      const before = { ...server.counts, responses: api.responses.length, events: events.length };
      return () => ({
        granted: server.counts.granted - before.granted,
        rejected: server.counts.rejected - before.rejected,
        responses: api.responses.slice(before.responses),
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
      return `event ${event.type}: the API rejected the token; the ${event.method.toUpperCase()} is sent again with another token`;
    default:
      return `event ${event.type}`;
  }
}
