import type { Duplex } from 'node:stream';

import type { UndiciAttempt } from './undici-attempt.js';
import type { HeaderRecord } from './undici-headers.js';

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

/** A handler for undici that lets an attempt decide what comes of each event, and when. */
export function attemptHandler(handler: Handler | LegacyHandler, attempt: UndiciAttempt): Handler | LegacyHandler {
  return 'onConnect' in handler ? new LegacyAttemptHandler(handler, attempt) : new AttemptHandler(handler, attempt);
}

/** Tells a handler that its request has failed outside of any attempt. */
export function fail(handler: Handler | LegacyHandler, controller: Controller, error: Error): void {
  // One of the older kind that has come past undici's own translation, by way of a `fetch` of another version.
  if ('onError' in handler && !('onResponseError' in handler)) handler.onError(error);
  else (handler as Handler).onResponseError?.(controller, error);
}

// Classes, so that a request makes one object here and no closures.
class AttemptHandler implements Handler {
  private readonly handler: Handler;
  private readonly attempt: UndiciAttempt;

  constructor(handler: Handler, attempt: UndiciAttempt) {
    this.handler = handler;
    this.attempt = attempt;
  }

  onRequestStart(controller: Controller, context: unknown): void {
    this.attempt.connection = controller;
    this.attempt.history = historyIn(context);
    this.handler.onRequestStart?.(controller, context);
  }

  onRequestUpgrade(controller: Controller, statusCode: number, headers: HeaderRecord, socket: Duplex): void {
    this.attempt.upgrade();
    this.handler.onRequestUpgrade?.(controller, statusCode, headers, socket);
  }

  onResponseStart(controller: Controller, statusCode: number, headers: HeaderRecord, statusMessage?: string): void {
    const { attempt, handler } = this;
    if (isFinal(statusCode)) attempt.begin(statusCode, headers);
    const deliver = () => handler.onResponseStart?.(controller, statusCode, headers, statusMessage);
    if (attempt.isOpen) deliver();
    else attempt.keep(0, deliver);
  }

  onResponseData(controller: Controller, chunk: Buffer): void {
    const { attempt, handler } = this;
    const deliver = () => handler.onResponseData?.(controller, chunk);
    if (attempt.isOpen) deliver();
    else if (!attempt.keep(chunk.length, deliver)) controller.pause();
  }

  onResponseEnd(controller: Controller, trailers: HeaderRecord): void {
    this.attempt.end(() => this.handler.onResponseEnd?.(controller, trailers));
  }

  onResponseError(controller: Controller | null, error: Error): void {
    this.attempt.fail(error, () => this.handler.onResponseError?.(controller, error));
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

class LegacyAttemptHandler implements LegacyHandler {
  private readonly handler: LegacyHandler;
  private readonly attempt: UndiciAttempt;
  private abort: (reason?: Error) => void = () => undefined;

  constructor(handler: LegacyHandler, attempt: UndiciAttempt) {
    this.handler = handler;
    this.attempt = attempt;
  }

  onConnect(abort: (reason?: Error) => void, context?: unknown): void {
    this.abort = abort;
    this.attempt.history = historyIn(context);
    this.handler.onConnect(abort, context);
  }

  onUpgrade(statusCode: number, raw: Buffer[], socket: Duplex): unknown {
    this.attempt.upgrade();
    return this.handler.onUpgrade(statusCode, raw, socket);
  }

  onHeaders(statusCode: number, raw: Buffer[], resume: () => void, statusMessage: string): unknown {
    const { attempt, handler } = this;
    if (isFinal(statusCode)) attempt.begin(statusCode, raw);
    if (attempt.isOpen) return handler.onHeaders(statusCode, raw, resume, statusMessage);
    attempt.connection = { abort: this.abort, resume };
    return attempt.keep(0, () => handler.onHeaders(statusCode, raw, resume, statusMessage));
  }

  onData(chunk: Buffer): unknown {
    const { attempt, handler } = this;
    return attempt.isOpen ? handler.onData(chunk) : attempt.keep(chunk.length, () => handler.onData(chunk));
  }

  onComplete(trailers: Buffer[]): void {
    this.attempt.end(() => this.handler.onComplete(trailers));
  }

  onError(error: Error): void {
    this.attempt.fail(error, () => this.handler.onError(error));
  }

  onResponseStarted(): void {
    this.handler.onResponseStarted?.();
  }
}

// What comes before is for information only (RFC 9110 §15.2).
const isFinal = (statusCode: number): boolean => statusCode >= 200;

const historyIn = (context: unknown): readonly URL[] | undefined =>
  (context as { history?: readonly URL[] } | undefined)?.history;
