import type { Duplex } from 'node:stream';

import type { UndiciAttempt } from './undici-attempt.js';
import { type HeaderRecord, rawHeaders } from './undici-headers.js';

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
interface LegacyHandler {
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
    this.attempt.upgrade(() => this.handler.onRequestUpgrade?.(controller, statusCode, headers, socket));
  }

  onResponseStart(controller: Controller, statusCode: number, headers: HeaderRecord, statusMessage?: string): void {
    const deliver = () => {
      this.handler.onResponseStart?.(controller, statusCode, headers, statusMessage);
    };
    if (this.attempt.head(statusCode, () => headers, deliver) === false) controller.pause();
  }

  onResponseData(controller: Controller, chunk: Buffer): void {
    const deliver = () => {
      this.handler.onResponseData?.(controller, chunk);
    };
    if (this.attempt.data(chunk.length, deliver) === false) controller.pause();
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
  private abort: ((reason?: Error) => void) | undefined;

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
    return this.attempt.upgrade(() => this.handler.onUpgrade(statusCode, raw, socket));
  }

  onHeaders(statusCode: number, raw: Buffer[], resume: () => void, statusMessage: string): unknown {
    const { abort = () => undefined } = this;
    this.attempt.connection = { abort, resume };
    const deliver = () => this.handler.onHeaders(statusCode, raw, resume, statusMessage);
    return this.attempt.head(statusCode, () => rawHeaders(raw), deliver);
  }

  onData(chunk: Buffer): unknown {
    return this.attempt.data(chunk.length, () => this.handler.onData(chunk));
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

const historyIn = (context: unknown): readonly URL[] | undefined =>
  (context as { history?: readonly URL[] } | undefined)?.history;
