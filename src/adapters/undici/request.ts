import type { Readable } from 'node:stream';

import type { Dispatcher } from 'undici';

import type { AccessToken } from '../../core/access-token.js';
import type { TokenRequest } from '../../core/token-request.js';
import { rejectsToken } from '../challenge.js';
import { isCrossOrigin } from '../origins.js';
import type { AuthorizedRequest } from '../send-authorized.js';
import { copyOptions, type HeaderRecord, headerOf, headersWith } from './headers.js';
import type { AttemptListener, AttemptOutcome, UndiciAttempt } from './response.js';
import { isReadOnce, keptBody, type KeptBody } from './undici-body.js';
import { attemptOf, type Controller, type Handler } from './undici-handler.js';

/** The head of a reply, with the names of its headers in lower case. */
export interface UndiciReply {
  readonly statusCode: number;
  readonly headers: Readonly<Record<string, string | string[] | undefined>>;
}

/** What an {@link UndiciExchange} sends, and by what. */
export interface UndiciExchangeOptions {
  readonly dispatch: Dispatcher['dispatch'];
  /** Its headers are a plain object. */
  readonly outgoing: Dispatcher.DispatchOptions;
  readonly handler: Handler;
  readonly origin: string;
  readonly isRejected: ((reply: UndiciReply) => boolean) | undefined;
  readonly tokenRequest: TokenRequest | undefined;
  readonly signal: AbortSignal | undefined;
}

/** One request of undici and what came of it. A reply that may reject the token is held back, any other is delivered as it comes. */
export class UndiciExchange implements AuthorizedRequest<UndiciAttempt>, AttemptListener {
  readonly handler: Handler;
  readonly origin: string;
  readonly tokenRequest: TokenRequest | undefined;
  readonly signal: AbortSignal | undefined;
  private readonly dispatcher: Dispatcher['dispatch'];
  private readonly outgoing: Dispatcher.DispatchOptions;
  private readonly alsoRejected: UndiciExchangeOptions['isRejected'];
  private readonly kept: KeptBody | undefined;
  private outcome: AttemptOutcome | undefined = undefined;
  private attempt: UndiciAttempt | undefined = undefined;
  private isTokenRejected = false;

  constructor(options: UndiciExchangeOptions) {
    const { dispatch, outgoing, handler, origin, isRejected, tokenRequest, signal } = options;
    this.dispatcher = dispatch;
    this.outgoing = outgoing;
    this.handler = handler;
    this.origin = origin;
    this.alsoRejected = isRejected;
    this.tokenRequest = tokenRequest;
    this.signal = signal;
    const { body, headers } = outgoing;
    this.kept = isReadOnce(body) ? keptBody(body, headers as HeaderRecord) : undefined;
  }

  get method(): string {
    return this.outgoing.method;
  }

  get url(): string {
    return this.origin + this.outgoing.path;
  }

  /** What undici gave out to control the latest attempt; `undefined` before it has begun. */
  get controller(): Controller | undefined {
    return this.attempt?.connection as Controller | undefined;
  }

  /** Sends the request, which `outcome` is told of; returns what undici does. */
  dispatch({ authorization }: AccessToken, proof: string | undefined, outcome: AttemptOutcome): boolean {
    const { dispatcher, outgoing } = this;
    // For each attempt its own: what is below may change them.
    const next = copyOptions(outgoing);
    next.headers = headersWith(outgoing.headers as HeaderRecord, authorization, proof);
    // A redirect interceptor below would take the proof along, to wherever that leads.
    if (proof !== undefined) (next as { maxRedirections?: number }).maxRedirections = 0;
    if (this.kept !== undefined) next.body = (this.kept.again() ?? this.kept.body) as Readable;

    this.outcome = outcome;
    const attempt = attemptOf(this.handler, this);
    this.attempt = attempt;
    return dispatcher(next, attempt as Dispatcher.DispatchHandler);
  }

  send(token: AccessToken, proof?: string): Promise<UndiciAttempt> {
    return new Promise((answered, failed) => {
      this.dispatch(token, proof, { answered, failed });
    });
  }

  answered(reply: UndiciAttempt): void {
    this.outcome?.answered(reply);
  }

  failed(error: Error): void {
    this.outcome?.failed(error);
  }

  conceal(): void {
    // They are in nothing that the caller has.
  }

  header(reply: UndiciAttempt, name: string): string | undefined {
    return this.isFromElsewhere(reply) ? undefined : headerOf(reply.headers, name);
  }

  replyIn(error: unknown): UndiciAttempt {
    throw error;
  }

  isRejected(): boolean {
    return this.isTokenRejected;
  }

  canSendAgain(): boolean {
    return this.kept === undefined || this.kept.again() !== undefined;
  }

  settle(reply: UndiciAttempt): UndiciAttempt {
    reply.release();
    return reply;
  }

  discard(reply: UndiciAttempt): void {
    reply.drop();
  }

  // Asked while the head arrives, since undici delivers what follows at once. Each 401 is held, whatever becomes of it.
  holds(reply: UndiciAttempt): boolean {
    const isRejected = this.alsoRejected;
    const isUnauthorized = reply.statusCode === 401;
    this.isTokenRejected =
      (isUnauthorized && this.rejectsToken(reply)) ||
      (isRejected !== undefined && isRejected({ statusCode: reply.statusCode, headers: reply.headers }));
    return isUnauthorized || this.isTokenRejected;
  }

  private rejectsToken(reply: UndiciAttempt): boolean {
    return !this.isFromElsewhere(reply) && rejectsToken(reply.statusCode, this.header(reply, 'www-authenticate'));
  }

  private isFromElsewhere({ history }: UndiciAttempt): boolean {
    return isCrossOrigin(history?.at(-1)?.href, this.origin);
  }
}
