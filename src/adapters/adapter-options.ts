import {
  anyFunction,
  checkOptions,
  functionOrObject,
  listOfStrings,
  objectWith,
  oneOf,
} from '../core/check-options.js';
import { ConfigurationError } from '../core/errors.js';
import { eventSink, type EventSink } from '../core/events.js';
import type { TokenRequest } from '../core/token-request.js';
import { dpopProofs } from './dpop-proof.js';
import { LatestAnswer } from './latest-answer.js';
import { secureOrigins } from './origins.js';
import type { Replay, SendOptions } from './send-authorized.js';

/** Options that all adapters have. `Outgoing` is how the HTTP client describes a request, `Reply` what it says of the answer. */
export interface AdapterOptions<Outgoing extends readonly unknown[], Reply, Verdict = boolean> {
  /** URLs whose origins (scheme, host, port) may see the token; any other request goes out without one. */
  readonly origins?: readonly string[] | undefined;
  /** The token request of requests that name no other; a function of the outgoing request for multi-tenant clients. */
  readonly request?: TokenRequest | ((...outgoing: Outgoing) => TokenRequest | undefined) | undefined;
  /**
   * Which requests are sent again after a rejected token or for a DPoP nonce: `'safe'` means GET, HEAD, OPTIONS and TRACE (RFC 9110 §9.2.1).
   * A 401 says that nothing was done, so that any may be.
   * @default 'all'
   */
  readonly replay?: Replay | undefined;
  /** Tells of further replies that reject the token, for an API that says so by a 403, say. */
  readonly isRejected?: ((reply: Reply) => Verdict) | undefined;
  readonly onEvent?: EventSink | undefined;
}

/** The options of an adapter, checked and ready for use. */
export interface CheckedOptions<Outgoing extends readonly unknown[]> extends SendOptions {
  readonly origins: readonly string[] | undefined;
  readonly requestOf: (...outgoing: Outgoing) => TokenRequest | undefined;
}

/**
 * Checks the options of the adapter that is called `owner`.
 * @throws {ConfigurationError} when `tokens` is no token source, an option is unknown or malformed, or an origin is neither https nor this machine
 */
export function adapterOptions<Outgoing extends readonly unknown[]>(
  owner: string,
  tokens: unknown,
  options: AdapterOptions<Outgoing, never, unknown>,
): CheckedOptions<Outgoing> {
  const expected = objectWith('getToken')(tokens);
  if (expected !== undefined) throw new ConfigurationError(`${owner} needs tokens: ${expected}`);
  checkOptions(owner, options, {
    origins: listOfStrings,
    request: functionOrObject,
    replay: oneOf('all', 'safe', 'never'),
    isRejected: anyFunction,
    onEvent: anyFunction,
  });
  const { origins, request, replay = 'all', onEvent } = options;
  return {
    origins: origins && secureOrigins(origins),
    requestOf: typeof request === 'function' ? request : () => request,
    replay,
    emit: eventSink(onEvent),
    proofs: dpopProofs(),
    latest: new LatestAnswer(),
  };
}
