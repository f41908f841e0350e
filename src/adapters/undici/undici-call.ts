import type { AccessToken } from '../../core/access-token.js';
import type { TokenSource } from '../../core/token-source.js';
import { sendAuthorized, sendOnceMore, type SendOptions, tokenFor } from '../send-authorized.js';
import type { UndiciExchange } from './request.js';
import type { AttemptOutcome, UndiciAttempt } from './response.js';
import { type Controller, fail } from './undici-handler.js';

/**
 * One request from its beginning to its end. With a token at hand it takes no promise unless that is rejected: to go on with
 * one costs a hundredth of a request over loopback.
 */
export class UndiciCall implements AttemptOutcome {
  private readonly tokens: TokenSource;
  private readonly exchange: UndiciExchange;
  private readonly options: SendOptions;
  private readonly release: (() => void) | undefined;
  private token: AccessToken | undefined = undefined;
  private isOver = false;

  /** @param release is called when the signal of the exchange is no longer needed */
  constructor(tokens: TokenSource, exchange: UndiciExchange, options: SendOptions, release: (() => void) | undefined) {
    this.tokens = tokens;
    this.exchange = exchange;
    this.options = options;
    this.release = release;
  }

  /** Begins it; returns what `dispatch` of undici does. */
  begin(): boolean {
    const { tokens, exchange, options } = this;
    try {
      exchange.signal?.throwIfAborted();
      const answer = tokenFor(tokens, exchange);
      const token = options.latest.known(answer);
      if (token?.type === 'Bearer') {
        this.token = token;
        return exchange.dispatch(token, undefined, this);
      }
      this.endWith(sendAuthorized(tokens, exchange, options, answer));
    } catch (error) {
      this.failed(error as Error);
    }
    return true;
  }

  answered(reply: UndiciAttempt): void {
    const { tokens, exchange, options, token } = this;
    if (token !== undefined && exchange.isRejected()) {
      this.endWith(sendOnceMore(tokens, exchange, { token, reply }, options));
    } else {
      exchange.settle(reply);
      this.end();
    }
  }

  failed(error: Error): void {
    if (this.isOver) return;
    this.end();
    const { handler, controller, signal } = this.exchange;
    fail(handler, controller ?? notStarted(error, signal), error);
  }

  private end(): void {
    this.isOver = true;
    this.release?.();
  }

  private endWith(sending: Promise<unknown>): void {
    sending.then(
      () => this.end(),
      (error: unknown) => this.failed(error as Error),
    );
  }
}

// For interceptors above: that of undici for retries leaves alone what was aborted.
function notStarted(reason: Error, signal: AbortSignal | undefined): Controller {
  const nothing = (): void => undefined;
  return { aborted: signal?.aborted ?? false, paused: false, reason, abort: nothing, pause: nothing, resume: nothing };
}
