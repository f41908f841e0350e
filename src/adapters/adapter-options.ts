import { anyFunction, checkOptions, functionOrObject, oneOf } from '../core/check-options.js';
import { eventSink, type EventSink } from '../core/events.js';
import { allowHttp, type InsecureUrl, listOfUrls } from '../core/insecure-url.js';
import type { TokenRequest } from '../core/token-request.js';
import { guardedTokenSource, type TokenSource } from '../core/token-source.js';
import { dpopProofs } from './dpop-proof.js';
import { listedOrigin } from './origins.js';
import type { Resend, SendOptions } from './send-authorized.js';

/** Options of all adapters. `Outgoing` is a request, and `Response` a response, as the HTTP client describes them. */
export interface AdapterOptions<Outgoing extends readonly unknown[], Response, Verdict = boolean> {
  /** Origins that get the token, such as `https://api.example.com`. A request to any other origin is sent without a token. */
  readonly origins?: readonly (string | InsecureUrl)[] | undefined;
  /** The token request of requests that name none; a function of the outgoing request for multi-tenant clients. */
  readonly tokenRequest?: TokenRequest | ((...outgoing: Outgoing) => TokenRequest | undefined) | undefined;
  /**
   * Which requests are resent after a rejected token or for a DPoP nonce: `'safe'` means GET, HEAD, OPTIONS and TRACE
   * (RFC 9110 §9.2.1). After a 401 any request may be resent, since the server has not carried it out.
   * @default 'all'
   */
  readonly resend?: Resend | undefined;
  /**
   * Whether a response rejects the token, for an API that says so by another status than 401. Asked in addition to the
   * challenge. With axios, `transformResponse` has not run yet; with `fetch`, read the body of a `clone()`.
   */
  readonly isRejected?: ((response: Response) => Verdict) | undefined;
  readonly onEvent?: EventSink | undefined;
}

/** The options of an adapter, checked and with their defaults. */
export interface CheckedOptions<Outgoing extends readonly unknown[]> extends SendOptions {
  readonly origins: readonly string[] | undefined;
  /** The token request of a request that names none. */
  readonly tokenRequestOf: ((...outgoing: Outgoing) => TokenRequest | undefined) | undefined;
}

/**
 * Checks the options of the adapter that is called `owner`.
 * @throws {ConfigurationError} when `tokens` is no token source, an option is unknown or malformed, or an origin is http and not allowed
 */
export function adapterOptions<Outgoing extends readonly unknown[]>(
  owner: string,
  tokens: TokenSource,
  options: AdapterOptions<Outgoing, never, unknown>,
): CheckedOptions<Outgoing> {
  checkOptions(owner, options, {
    origins: listOfUrls,
    tokenRequest: functionOrObject,
    resend: oneOf('all', 'safe', 'never'),
    isRejected: anyFunction,
    onEvent: anyFunction,
  });
  const { origins, tokenRequest, resend = 'all', onEvent } = options;
  const listed = origins?.map(listedOrigin);
  const emit = eventSink(onEvent);
  const source = guardedTokenSource(owner, tokens, allowHttp(origins ?? [], emit));
  if (typeof tokenRequest === 'object') source.checkRequest(tokenRequest);
  return {
    origins: listed,
    tokenRequestOf: typeof tokenRequest === 'object' ? () => tokenRequest : tokenRequest,
    resend,
    emit,
    proofs: dpopProofs(),
    source,
  };
}
