import type { HeaderRecord } from './undici-headers.js';

/** How the reply of a dispatch is received, in the words of undici: what to call, now or later. */
type Deliver = () => unknown;

/** What an {@link UndiciAttempt} can do to its connection. */
export interface Connection {
  abort(reason: Error): void;
  resume(): void;
}

/** What an {@link UndiciAttempt} tells of. */
export interface AttemptEvents {
  /** Whether to hold this reply back, of which the head has arrived. */
  readonly isHeld: (attempt: UndiciAttempt) => boolean;
  readonly answered: (attempt: UndiciAttempt) => void;
  /** It ended before there was a reply. */
  readonly failed: (error: Error) => void;
}

/**
 * One dispatch of a request. Its reply is delivered to the caller as it comes, unless it is held back: then so much of it is kept
 * in memory that the connection of a short one is free at once, and the rest waits until the reply is released or dropped.
 */
export class UndiciAttempt {
  statusCode = 0;
  /** The connection, once there is one. */
  connection: Connection | undefined;
  /** The URLs that undici's redirect interceptor has been at, if it is below. */
  history: readonly URL[] | undefined;
  private readonly events: AttemptEvents;
  private readHeaders: () => HeaderRecord = () => ({});
  private held: Deliver[] | undefined;
  private heldBytes = 0;
  private state: 'running' | 'over' | 'dropped' = 'running';

  constructor(events: AttemptEvents) {
    this.events = events;
  }

  /** The headers of the reply, with their names in lower case. */
  get headers(): HeaderRecord {
    return this.readHeaders();
  }

  /** The head of a reply has arrived. This and the methods below return `false` when no more can be taken for now. */
  head(statusCode: number, headers: () => HeaderRecord, deliver: Deliver): unknown {
    // An informational reply is not the answer (RFC 9110 §15.2).
    if (statusCode < 200) return deliver();
    this.statusCode = statusCode;
    this.readHeaders = headers;
    if (this.events.isHeld(this)) this.held = [];
    this.events.answered(this);
    return this.pass(0, deliver);
  }

  /** A part of the body has arrived. */
  data(bytes: number, deliver: Deliver): unknown {
    return this.pass(bytes, deliver);
  }

  /** The reply has come to its end. */
  end(deliver: Deliver): void {
    this.pass(0, deliver);
    if (this.state === 'running') this.state = 'over';
  }

  /** The request has become something else: nothing is held back any more. */
  upgrade(deliver: Deliver): unknown {
    this.events.answered(this);
    return deliver();
  }

  /** The request or its reply has broken off. */
  fail(error: Error, deliver: Deliver): void {
    if (this.statusCode === 0) this.events.failed(error);
    else this.end(deliver);
  }

  /** Delivers what was held back; what is still to come will be delivered as it comes. */
  release(): void {
    const { held = [] } = this;
    this.held = undefined;
    try {
      for (const deliver of held) deliver();
    } catch (error) {
      this.drop();
      throw error;
    }
    if (this.heldBytes > mostHeldBytes) this.connection?.resume();
  }

  /** Nobody wants the reply: its connection is free if it has arrived, and closed if it has not. */
  drop(): void {
    const isUnderWay = this.state === 'running';
    this.state = 'dropped';
    this.held = undefined;
    if (isUnderWay) this.connection?.abort(new Error('the reply is not wanted: the request is sent again'));
  }

  private pass(bytes: number, deliver: Deliver): unknown {
    if (this.state === 'dropped') return true;
    if (this.held === undefined) return deliver();
    this.held.push(deliver);
    this.heldBytes += bytes;
    return this.heldBytes <= mostHeldBytes;
  }
}

// The body of a 401 is a sentence or two.
const mostHeldBytes = 65_536;
