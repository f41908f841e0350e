import {
  anyFunction,
  checkArgument,
  checkOptions,
  functionOrObject,
  objectWith,
  oneOf,
} from '../core/check-options.js';
import { dpopProofs } from '../core/dpop-proof.js';
import { ConfigurationError } from '../core/errors.js';
import { eventSink, onlyOnce, warnOnFailure } from '../core/event-sink.js';
import type { EventSink, TokenEvent } from '../core/events.js';
import { allowHttp, type InsecureUrl, listOfUrls } from '../core/insecure-url.js';
import type { TokenRequest } from '../core/token-request.js';
import { anyTokenSource, guardedTokenSource, type TokenSource } from '../core/token-source.js';
import type { TokenSources } from '../core/token-sources.js';
import { listedOrigin } from './origins.js';
import type { Resend, SendOptions } from './send-authorized.js';
import { sendOptionsByService } from './service-of.js';

/** The options that all adapters have. Each adapter documents them, since its requests and responses have their own types. */
export interface AdapterOptions<Outgoing extends readonly unknown[]> {
  readonly origins?: readonly (string | InsecureUrl)[] | undefined;
  readonly tokenRequest?: TokenRequest | ((...outgoing: Outgoing) => TokenRequest | undefined) | undefined;
  readonly resend?: Resend | undefined;
  readonly isRejected?: ((response: never) => unknown) | undefined;
  readonly onEvent?: EventSink | undefined;
  readonly serviceOf?: ((...outgoing: Outgoing) => string) | undefined;
}

/** The options of an adapter, checked and with their defaults. */
export interface CheckedOptions<Outgoing extends readonly unknown[]> extends SendOptions {
  readonly origins: readonly string[] | undefined;
  /** Returns the token request for a request that has none of its own. */
  readonly tokenRequestOf: ((...outgoing: Outgoing) => TokenRequest | undefined) | undefined;
  /** Selects the token source of a request. `undefined` if all requests have the same one: then these options are used. */
  readonly sendOptionsOf: ((...outgoing: Outgoing) => SendOptions) | undefined;
}

/**
 * Checks the options of the adapter that is called `owner`. With `serviceOf`, the token sources have names.
 * @throws {ConfigurationError} if `tokens` or an option is malformed, an option is unknown, or http is not allowed
 */
export function adapterOptions<Outgoing extends readonly unknown[]>(
  owner: string,
  tokens: TokenSource | TokenSources,
  options: AdapterOptions<Outgoing>,
): CheckedOptions<Outgoing> {
  checkOptions(owner, options, {
    origins: listOfUrls,
    tokenRequest: functionOrObject,
    resend: oneOf('all', 'safe', 'never'),
    isRejected: anyFunction,
    onEvent: anyFunction,
    serviceOf: anyFunction,
  });
  const { origins, tokenRequest, resend = 'all', onEvent, serviceOf } = options;
  checkTokens(owner, tokens, serviceOf !== undefined);
  const listed = origins?.map(listedOrigin);
  const emitTo = adapterSink(onEvent);
  const emit = (event: TokenEvent): void => emitTo(tokens, event);
  const httpOrigins = allowHttp(origins ?? [], emit);
  // With `serviceOf`, each request has another token source instead of this one.
  const source = guardedTokenSource(owner, tokens as TokenSource, httpOrigins);
  if (typeof tokenRequest === 'object') source.checkRequest(tokenRequest);
  const shared = { resend, proofs: dpopProofs() };
  const named = { owner, services: tokens as TokenSources, guarded: source, emitTo };
  return {
    origins: listed,
    tokenRequestOf: typeof tokenRequest === 'object' ? () => tokenRequest : tokenRequest,
    sendOptionsOf: serviceOf && sendOptionsByService({ ...shared, ...named, serviceOf }),
    ...shared,
    emit,
    source,
  };
}

const anyTokenSources = objectWith('of');

/** @throws {ConfigurationError} unless `tokens` is a token source, or token sources with names for `serviceOf` */
function checkTokens(owner: string, tokens: unknown, hasServiceOf: boolean): void {
  const isTokenSource = anyTokenSource(tokens) === undefined;
  const isTokenSources = !isTokenSource && anyTokenSources(tokens) === undefined;
  if (!hasServiceOf && isTokenSources) {
    throw new ConfigurationError(
      `"serviceOf" of ${owner} is required: it returns the name of the token service of a request`,
    );
  }
  if (hasServiceOf && isTokenSource) {
    throw new ConfigurationError(
      `"serviceOf" of ${owner} needs "tokens" that createTokenServices made, not a token source`,
    );
  }
  checkArgument(owner, 'tokens', tokens, hasServiceOf ? anyTokenSources : anyTokenSource);
}

/** Passes each event to the token source, which adds its name, and to `onEvent`. */
function adapterSink(onEvent: EventSink | undefined): (tokens: Pick<TokenSource, 'report'>, event: TokenEvent) => void {
  const [toOnEvent, run] = [eventSink(onEvent), warnOnFailure()];
  return (tokens, event) => {
    // The token source of a user may return a promise, or nothing.
    const reported: unknown = run(`"report" of a token source failed${onlyOnce}`, () => tokens.report?.(event));
    const isEvent = typeof reported === 'object' && reported !== null && 'type' in reported;
    toOnEvent(isEvent ? (reported as TokenEvent) : event);
  };
}
