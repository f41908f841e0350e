/**
 * The handler protocol of undici 6, which undici 7 uses internally. For a handler of undici 8, undici 7 translates each
 * response twice. The translation here saves 10 µs per request and keeps header names as received. Remove this file
 * with undici 7.
 */
import type { ReceivedHeaders } from './headers.js';
import { type Controller, type Handler, type Outcome, UndiciResponse, type Upgrade } from './response.js';

/** A handler of undici 6. `onHeaders` and `onData` return `false` to pause. */
export interface LegacyHandler extends Pick<Handler, 'onResponseStarted'> {
  onConnect(abort: (reason: Error) => void, context?: unknown): void;
  onUpgrade(...upgrade: Upgrade): unknown;
  onHeaders(statusCode: number, headers: ReceivedHeaders, resume: () => void, message?: string): unknown;
  onData(chunk: Buffer): unknown;
  onComplete(trailers: ReceivedHeaders): void;
  onError(error: Error): void;
}

/** Passes the events of one dispatch to an `UndiciResponse`, and translates its calls for the handler of the caller. */
export class LegacyDispatch implements LegacyHandler, Handler, Controller {
  abort!: (reason: Error) => void;
  private resumeDispatch!: () => void;
  private isPaused = false;
  private readonly legacy: LegacyHandler;
  private readonly response: UndiciResponse;

  constructor(legacy: LegacyHandler, outcome: Outcome) {
    this.legacy = legacy;
    this.response = new UndiciResponse(this, outcome);
  }

  pause(): void {
    this.isPaused = true;
  }
  resume(): void {
    this.isPaused = false;
    this.resumeDispatch();
  }

  onConnect(abort: (reason: Error) => void, context: unknown): void {
    this.abort = abort;
    this.response.onRequestStart(this, context);
    this.legacy.onConnect(abort, context);
  }
  onResponseStarted(): void {
    this.legacy.onResponseStarted?.();
  }
  onUpgrade(...upgrade: Upgrade): void {
    this.response.onRequestUpgrade(this, ...upgrade);
  }
  onRequestUpgrade(_controller: Controller, ...upgrade: Upgrade): void {
    this.legacy.onUpgrade(...upgrade);
  }
  onHeaders(statusCode: number, headers: ReceivedHeaders, resume: () => void, message?: string): boolean {
    this.resumeDispatch = resume;
    this.response.onResponseStart(this, statusCode, headers, message);
    return !this.isPaused;
  }
  onResponseStart(_controller: Controller, statusCode: number, headers: ReceivedHeaders, message?: string): void {
    if (this.legacy.onHeaders(statusCode, headers, () => this.resume(), message) === false) this.pause();
  }
  onData(chunk: Buffer): boolean {
    this.response.onResponseData(this, chunk);
    return !this.isPaused;
  }
  onResponseData(_controller: Controller, chunk: Buffer): void {
    if (this.legacy.onData(chunk) === false) this.pause();
  }
  onComplete(trailers: ReceivedHeaders): void {
    this.response.onResponseEnd(this, trailers);
  }
  onResponseEnd(_controller: Controller, trailers: ReceivedHeaders): void {
    this.legacy.onComplete(trailers);
  }
  onError(error: Error): void {
    this.response.onResponseError(this, error);
  }
  onResponseError(_controller: Controller | null, error: Error): void {
    this.legacy.onError(error);
  }
}
