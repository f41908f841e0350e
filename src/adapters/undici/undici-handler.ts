import type { Duplex } from 'node:stream';

import type { HeaderRecord } from './headers.js';
import { type AttemptListener, UndiciAttempt } from './response.js';

/** The part of undici's controller of a request that is used here. */
export interface Controller {
  readonly aborted: boolean;
  readonly paused: boolean;
  readonly reason: Error | null;
  abort(reason: Error): void;
  pause(): void;
  resume(): void;
}

/** How undici tells of a request and its reply; the methods of version 8, which 7 knows too. */
export interface Handler {
  onRequestStart?(controller: Controller, context: unknown): void;
  onRequestUpgrade?(controller: Controller, statusCode: number, headers: HeaderRecord, socket: Duplex): void;
  onResponseStart?(controller: Controller, statusCode: number, headers: HeaderRecord, statusMessage?: string): void;
  onResponseData?(controller: Controller, chunk: Buffer): void;
  onResponseEnd?(controller: Controller, trailers: HeaderRecord): void;
  onResponseError?(controller: Controller | null, error: Error): void;
  onResponseStarted?(): void;
  onRequestSent?(): void;
  onBodySent?(...sent: unknown[]): void;
}

/**
 * The same in version 6, which 7 still speaks underneath: to speak it too keeps the names of headers as they came, and spares
 * two translations of each reply.
 */
export interface LegacyHandler {
  onConnect(abort: (reason?: Error) => void, context?: unknown): void;
  onUpgrade(statusCode: number, raw: Buffer[], socket: Duplex): unknown;
  onHeaders(statusCode: number, raw: Buffer[], resume: () => void, statusMessage: string): unknown;
  onData(chunk: Buffer): unknown;
  onComplete(trailers: Buffer[]): void;
  onError(error: Error): void;
  onResponseStarted?(): void;
}

/** An attempt as undici wants to be handed one: its handler, of the same kind as the one that gets what is delivered. */
export function attemptOf(
  handler: Handler | LegacyHandler,
  listener: AttemptListener,
): UndiciAttempt & (Handler | LegacyHandler) {
  return 'onConnect' in handler ? new LegacyAttempt(handler, listener) : new CurrentAttempt(handler, listener);
}

/** Tells a handler that its request has failed outside of any attempt. */
export function fail(handler: Handler | LegacyHandler, controller: Controller, error: Error): void {
  // One of the older kind that has come past undici's own translation, by way of a `fetch` of another version.
  if ('onError' in handler && !('onResponseError' in handler)) handler.onError(error);
  else (handler as Handler).onResponseError?.(controller, error);
}

class CurrentAttempt extends UndiciAttempt implements Handler {
  private readonly handler: Handler;

  constructor(handler: Handler, listener: AttemptListener) {
    super(listener);
    this.handler = handler;
  }

  onRequestStart(controller: Controller, context: unknown): void {
    this.connection = controller;
    this.history = historyIn(context);
    this.handler.onRequestStart?.(controller, context);
  }

  onRequestUpgrade(controller: Controller, statusCode: number, headers: HeaderRecord, socket: Duplex): void {
    this.upgrade();
    this.handler.onRequestUpgrade?.(controller, statusCode, headers, socket);
  }

  onResponseStart(controller: Controller, statusCode: number, headers: HeaderRecord, statusMessage?: string): void {
    if (isFinal(statusCode)) this.begin(statusCode, headers);
    if (this.isOpen) this.handler.onResponseStart?.(controller, statusCode, headers, statusMessage);
    else this.keep(0, () => this.handler.onResponseStart?.(controller, statusCode, headers, statusMessage));
  }

  onResponseData(controller: Controller, chunk: Buffer): void {
    if (this.isOpen) this.handler.onResponseData?.(controller, chunk);
    else if (!this.keep(chunk.length, () => this.handler.onResponseData?.(controller, chunk))) controller.pause();
  }

  onResponseEnd(controller: Controller, trailers: HeaderRecord): void {
    if (this.isOpen) this.handler.onResponseEnd?.(controller, trailers);
    else this.end(() => this.handler.onResponseEnd?.(controller, trailers));
  }

  onResponseError(controller: Controller | null, error: Error): void {
    this.fail(error, () => this.handler.onResponseError?.(controller, error));
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
}

class LegacyAttempt extends UndiciAttempt implements LegacyHandler {
  private readonly handler: LegacyHandler;
  private abort: (reason?: Error) => void = nothing;

  constructor(handler: LegacyHandler, listener: AttemptListener) {
    super(listener);
    this.handler = handler;
  }

  onConnect(abort: (reason?: Error) => void, context?: unknown): void {
    this.abort = abort;
    this.history = historyIn(context);
    this.handler.onConnect(abort, context);
  }

  onUpgrade(statusCode: number, raw: Buffer[], socket: Duplex): unknown {
    this.upgrade();
    return this.handler.onUpgrade(statusCode, raw, socket);
  }

  onHeaders(statusCode: number, raw: Buffer[], resume: () => void, statusMessage: string): unknown {
    if (isFinal(statusCode)) this.begin(statusCode, raw);
    if (this.isOpen) return this.handler.onHeaders(statusCode, raw, resume, statusMessage);
    this.connection = { abort: this.abort, resume };
    return this.keep(0, () => this.handler.onHeaders(statusCode, raw, resume, statusMessage));
  }

  onData(chunk: Buffer): unknown {
    if (this.isOpen) return this.handler.onData(chunk);
    return this.keep(chunk.length, () => this.handler.onData(chunk));
  }

  onComplete(trailers: Buffer[]): void {
    if (this.isOpen) this.handler.onComplete(trailers);
    else this.end(() => this.handler.onComplete(trailers));
  }

  onError(error: Error): void {
    this.fail(error, () => this.handler.onError(error));
  }

  onResponseStarted(): void {
    this.handler.onResponseStarted?.();
  }
}

const nothing = (): void => undefined;

// What comes before is for information only (RFC 9110 §15.2).
const isFinal = (statusCode: number): boolean => statusCode >= 200;

const historyIn = (context: unknown): readonly URL[] | undefined =>
  (context as { history?: readonly URL[] } | undefined)?.history;
