import { type HeaderRecord, replyHeaders } from './headers.js';

/** What an {@link UndiciAttempt} can do to its connection. */
export interface Connection {
  abort(reason: Error): void;
  resume(): void;
}

/** What is told what has come of an attempt. */
export interface AttemptOutcome {
  /** There is a reply. */
  answered(reply: UndiciAttempt): void;
  /** There will be none. */
  failed(error: Error): void;
}

/** What an attempt asks and tells. */
export interface AttemptListener extends AttemptOutcome {
  /** Whether to hold this reply back, of which the head has arrived. */
  holds(reply: UndiciAttempt): boolean;
}

/**
 * One dispatch of a request and its reply, which the caller gets as it comes, unless it is held back: then so much of it is
 * kept in memory that the connection of a short one is free at once, and the rest waits until the reply is released or dropped.
 */
export class UndiciAttempt {
  /** 0 before there is a reply. */
  statusCode = 0;
  /** The connection, once there is one. */
  connection: Connection | undefined = undefined;
  /** The URLs that undici's redirect interceptor has been at, if it is below. */
  history: readonly URL[] | undefined = undefined;
  private readonly listener: AttemptListener;
  private received: HeaderRecord | readonly Buffer[] = [];
  private state: 'open' | 'held' | 'dropped' = 'open';
  private isOver = false;
  private kept: (() => unknown)[] | undefined = undefined;
  private keptBytes = 0;

  constructor(listener: AttemptListener) {
    this.listener = listener;
  }

  /** Whether what arrives is for the caller, now. */
  get isOpen(): boolean {
    return this.state === 'open';
  }

  /** The headers of the reply, with their names in lower case. */
  get headers(): HeaderRecord {
    return replyHeaders(this.received);
  }

  /** The head of the final reply has arrived. */
  begin(statusCode: number, headers: HeaderRecord | readonly Buffer[]): void {
    this.statusCode = statusCode;
    this.received = headers;
    try {
      if (this.listener.holds(this)) this.state = 'held';
    } catch (error) {
      // A reply that nobody could judge is none; undici comes back with the error.
      this.statusCode = 0;
      throw error;
    }
    this.listener.answered(this);
  }

  /** Keeps a part of the reply for later, which is not open; `false` when no more should come for now. */
  keep(bytes: number, deliver: () => unknown): boolean {
    if (this.state === 'dropped') return true;
    (this.kept ??= []).push(deliver);
    this.keptBytes += bytes;
    return this.keptBytes <= mostKeptBytes;
  }

  /** The reply has come to its end, or broken off, while it was held back or dropped. */
  end(deliver: () => unknown): void {
    this.isOver = true;
    this.keep(0, deliver);
  }

  /** The request has ended with an error; `deliver` tells the caller of it, should there be a reply already. */
  fail(error: Error, deliver: () => unknown): void {
    if (this.statusCode === 0) this.listener.failed(error);
    else if (this.isOpen) deliver();
    else this.end(deliver);
  }

  /** The request has become something else than a request, and the caller has it. */
  upgrade(): void {
    this.listener.answered(this);
  }

  /** Delivers what was held back; what is still to come is delivered as it comes. */
  release(): void {
    if (this.state !== 'held') return;
    try {
      for (const deliver of this.kept ?? []) deliver();
    } catch (error) {
      this.drop();
      throw error;
    }
    this.state = 'open';
    if (this.keptBytes > mostKeptBytes) this.connection?.resume();
  }

  /** Nobody wants the reply: its connection is free if it has arrived, and closed if it has not. */
  drop(): void {
    this.state = 'dropped';
    this.kept = undefined;
    if (!this.isOver) this.connection?.abort(new Error('the reply is not wanted, because the request is sent again'));
  }
}

// The body of a 401 is a sentence or two.
const mostKeptBytes = 65_536;
