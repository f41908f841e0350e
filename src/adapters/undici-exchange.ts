import type { Dispatcher } from 'undici';

import type { AccessToken } from '../access-token.js';
import { rejectsToken } from './challenge.js';
import { isElsewhere } from './origins.js';
import type { AuthorizedRequest } from './send-authorized.js';
import { UndiciAttempt } from './undici-attempt.js';
import { type UndiciBody, undiciBody } from './undici-body.js';
import { attemptHandler, type Controller, type Handler } from './undici-handler.js';
import { type HeaderRecord, headerOf } from './undici-headers.js';

/** The head of a reply, with the names of its headers in lower case. */
export interface UndiciReply {
  readonly statusCode: number;
  readonly headers: Readonly<Record<string, string | string[] | undefined>>;
}

/** What an {@link UndiciExchange} sends, and by what. */
export interface UndiciExchangeOptions {
  readonly dispatch: Dispatcher['dispatch'];
  readonly dispatched: Dispatcher.DispatchOptions;
  readonly headers: HeaderRecord;
  readonly handler: Handler;
  readonly origin: string;
  readonly isRejected: ((reply: UndiciReply) => boolean) | undefined;
}

/** One request of undici and what came of it. A reply that may reject the token is held back, any other is delivered as it comes. */
export class UndiciExchange implements AuthorizedRequest<UndiciAttempt> {
  private readonly options: UndiciExchangeOptions;
  private readonly body: UndiciBody;
  private attempt: UndiciAttempt | undefined;
  private attempts = 0;
  private isTokenRejected = false;

  constructor(options: UndiciExchangeOptions) {
    this.options = options;
    this.body = undiciBody(options.dispatched.body, options.headers);
  }

  get method(): string {
    return this.options.dispatched.method;
  }

  get origin(): string {
    return this.options.origin;
  }

  get url(): string {
    return this.options.origin + this.options.dispatched.path;
  }

  /** What undici gave out to control the latest attempt; `undefined` before it has begun. */
  get controller(): Controller | undefined {
    return this.attempt?.connection as Controller | undefined;
  }

  send({ authorization }: AccessToken, proof?: string): Promise<UndiciAttempt> {
    const { dispatch, dispatched, handler } = this.options;
    const headers: HeaderRecord = { ...this.options.headers, authorization };
    if (proof !== undefined) headers['dpop'] = proof;
    const body = this.attempts === 0 ? this.body.first : this.body.again()?.body;
    this.attempts += 1;

    return new Promise((answered, failed) => {
      const attempt = new UndiciAttempt({ isHeld: (reply) => this.judge(reply), answered, failed });
      const next = { ...dispatched, headers, body } as Dispatcher.DispatchOptions;
      this.attempt = attempt;
      dispatch(next, attemptHandler(handler, attempt) as Dispatcher.DispatchHandler);
    });
  }

  conceal(): void {
    // Nothing of the caller's was changed.
  }

  header({ headers }: UndiciAttempt, name: string): string | undefined {
    return headerOf(headers, name);
  }

  replyIn(error: unknown): UndiciAttempt {
    throw error;
  }

  isRejected(): boolean {
    return this.isTokenRejected;
  }

  canSendAgain(): boolean {
    return this.body.again() !== undefined;
  }

  settle(reply: UndiciAttempt): UndiciAttempt {
    reply.release();
    return reply;
  }

  discard(reply: UndiciAttempt): void {
    reply.drop();
  }

  // Asked while the head arrives, since undici delivers what follows at once. Each 401 is held, whatever becomes of it.
  private judge(reply: UndiciAttempt): boolean {
    const { statusCode, headers, history } = reply;
    const isUnauthorized = statusCode === 401 && !isElsewhere(history?.at(-1)?.href, this.origin);
    this.isTokenRejected =
      (isUnauthorized && rejectsToken(statusCode, headerOf(headers, 'www-authenticate'))) ||
      (this.options.isRejected?.({ statusCode, headers }) ?? false);
    return statusCode === 401 || this.isTokenRejected;
  }
}
