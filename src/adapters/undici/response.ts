import type { Duplex } from 'node:stream';

import type { ReceivedHeaders } from './headers.js';

/** The part of undici's controller of a request that is used here. */
export interface Controller {
  abort(reason: Error): void;
  pause(): void;
  resume(): void;
}

export type Upgrade = [statusCode: number, headers: ReceivedHeaders, socket: Duplex];

/** The handler protocol of undici 8, which undici 7 also supports. */
export interface Handler {
  onRequestStart?(controller: Controller, context: unknown): void;
  onRequestUpgrade?(controller: Controller, ...upgrade: Upgrade): void;
  onResponseStart?(controller: Controller, statusCode: number, headers: ReceivedHeaders, statusMessage?: string): void;
  onResponseData?(controller: Controller, chunk: Buffer): void;
  onResponseEnd?(controller: Controller, trailers: ReceivedHeaders): void;
  onResponseError?(controller: Controller | null, error: Error): void;
  onResponseStarted?(): void;
  onRequestSent?(): void;
  onBodySent?(...sent: unknown[]): void;
}

/** Receives the outcome of one dispatch: a response, or an error without a response. */
export interface Outcome {
  onResponse(response: UndiciResponse): void;
  onError(error: Error): void;
}

// The body of a 401 is usually shorter. It is read while it is held, which frees its connection for other requests.
const maxHeldBytes = 65_536;

/** One dispatch of a request. Holds its response until the response is delivered to the handler of the caller, or discarded. */
export class UndiciResponse implements Handler {
  /** 0 before there is a response. */
  statusCode = 0;
  headers: ReceivedHeaders = {};
  /** The URLs of the redirects that undici's interceptor has followed, if that interceptor is composed below. */
  history: readonly URL[] | undefined = undefined;
  controller: Controller | undefined = undefined;
  /** An upgrade is delivered at once. */
  state: 'pending' | 'held' | 'delivered' | 'discarded' = 'pending';
  private isComplete = false;
  private held: (() => void)[] = [];
  private heldBytes = 0;
  private readonly handler: Handler;
  private readonly outcome: Outcome;

  constructor(handler: Handler, outcome: Outcome) {
    this.handler = handler;
    this.outcome = outcome;
  }

  onRequestStart(controller: Controller, context: unknown): void {
    this.controller = controller;
    this.history = (context as { history?: readonly URL[] } | undefined)?.history;
    this.handler.onRequestStart?.(controller, context);
  }

  onRequestUpgrade(controller: Controller, ...upgrade: Upgrade): void {
    this.state = 'delivered';
    [this.statusCode] = upgrade;
    this.outcome.onResponse(this);
    this.handler.onRequestUpgrade?.(controller, ...upgrade);
  }

  onResponseStart(controller: Controller, statusCode: number, headers: ReceivedHeaders, message?: string): void {
    const deliver = (): void => this.handler.onResponseStart?.(controller, statusCode, headers, message);
    // An informational response comes before the final one (RFC 9110 §15.2).
    if (statusCode < 200) return deliver();

    this.statusCode = statusCode;
    this.headers = headers;
    this.state = 'held';
    this.held.push(deliver);
    this.outcome.onResponse(this);
  }

  onResponseData(controller: Controller, chunk: Buffer): void {
    this.deliverOrHold(() => this.handler.onResponseData?.(controller, chunk));
    if (this.state === 'held' && (this.heldBytes += chunk.length) > maxHeldBytes) controller.pause();
  }

  onResponseEnd(controller: Controller, trailers: ReceivedHeaders): void {
    this.isComplete = true;
    this.deliverOrHold(() => this.handler.onResponseEnd?.(controller, trailers));
  }

  onResponseError(controller: Controller | null, error: Error): void {
    this.isComplete = true;
    if (this.state === 'pending') this.outcome.onError(error);
    else this.deliverOrHold(() => this.handler.onResponseError?.(controller, error));
  }

  onResponseStarted(): void {
    this.handler.onResponseStarted?.();
  }

  onRequestSent(): void {
    this.handler.onRequestSent?.();
  }

  onBodySent(...sent: unknown[]): void {
    this.handler.onBodySent?.(...sent);
  }

  /** Delivers the held part of the response, and from now on each further part as it arrives. */
  deliver(): void {
    if (this.state !== 'held') return;
    try {
      for (const part of this.held) part();
    } catch (error) {
      this.discard();
      throw error;
    }
    this.held = [];
    this.state = 'delivered';
    if (this.heldBytes > maxHeldBytes) this.controller?.resume();
  }

  /** Closes the connection, unless the response has arrived completely. */
  discard(): void {
    if (this.state === 'discarded') return;
    this.state = 'discarded';
    this.held = [];
    if (!this.isComplete) this.controller?.abort(new Error('the response was discarded'));
  }

  private deliverOrHold(part: () => void): void {
    if (this.state === 'delivered') part();
    else if (this.state === 'held') this.held.push(part);
  }
}
