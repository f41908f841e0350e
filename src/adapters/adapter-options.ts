import { anyFunction, checkOptions, functionOrObject, oneOf } from '../core/check-options.js';
import { dpopProofs } from '../core/dpop-proof.js';
import { eventSink, onlyOnce, warnOnFailure } from '../core/event-sink.js';
import type { EventSink, TokenEvent } from '../core/events.js';
import { allowHttp, type InsecureUrl, listOfUrls } from '../core/insecure-url.js';
import type { TokenRequest } from '../core/token-request.js';
import { guardedTokenSource, type TokenSource } from '../core/token-source.js';
import { listedOrigin } from './origins.js';
import type { Resend, SendOptions } from './send-authorized.js';

/** The options that all adapters have. Each adapter documents them, since its requests and responses have their own types. */
export interface AdapterOptions<Outgoing extends readonly unknown[]> {
  readonly origins?: readonly (string | InsecureUrl)[] | undefined;
  readonly tokenRequest?: TokenRequest | ((...outgoing: Outgoing) => TokenRequest | undefined) | undefined;
  readonly resend?: Resend | undefined;
  readonly isRejected?: ((response: never) => unknown) | undefined;
  readonly onEvent?: EventSink | undefined;
}

/** The options of an adapter, checked and with their defaults. */
export interface CheckedOptions<Outgoing extends readonly unknown[]> extends SendOptions {
  readonly origins: readonly string[] | undefined;
  /** Returns the token request for a request that has none of its own. */
  readonly tokenRequestOf: ((...outgoing: Outgoing) => TokenRequest | undefined) | undefined;
}

/**
 * Checks the options of the adapter that is called `owner`.
 * @throws {ConfigurationError} if `tokens` or an option is malformed, an option is unknown, or http is not allowed
 */
export function adapterOptions<Outgoing extends readonly unknown[]>(
  owner: string,
  tokens: TokenSource,
  options: AdapterOptions<Outgoing>,
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
  const emit = adapterSink(tokens, onEvent);
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

/** Passes each event to the token source, which adds its name, and to `onEvent`. */
function adapterSink(tokens: TokenSource, onEvent: EventSink | undefined): (event: TokenEvent) => void {
  const [toOnEvent, run] = [eventSink(onEvent), warnOnFailure()];
  return (event) => {
    // The token source of a user may return a promise, or nothing.
    const reported: unknown = run(`"report" of a token source failed${onlyOnce}`, () => tokens.report?.(event));
    const isEvent = typeof reported === 'object' && reported !== null && 'type' in reported;
    toOnEvent(isEvent ? (reported as TokenEvent) : event);
  };
}
