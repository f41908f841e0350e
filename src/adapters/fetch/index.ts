import type { AccessToken } from '../../core/access-token.js';
import { ConfigurationError } from '../../core/errors.js';
import type { TokenRequest } from '../../core/token-request.js';
import type { TokenSource } from '../../core/token-source.js';
import { type AdapterOptions, adapterOptions } from '../adapter-options.js';
import { cancelBody } from '../body.js';
import { permittedOrigin } from '../origins.js';
import { sendAuthorized, sendOnceMore, tokenFor } from '../send-authorized.js';
import { type FetchClient, FetchExchange, type IsRejected } from './fetch-exchange.js';
import { type FetchRequest, fetchRequest, hasAuthorization, withBodyInMemory } from './fetch-request.js';
import { afterRedirect, asRedirected, mostRedirects, notFollowed } from './redirect.js';

/** Options of {@link withBearerToken}. */
export interface FetchTokenOptions extends AdapterOptions<
  [url: string, init: RequestInit],
  Response,
  ReturnType<IsRejected>
> {
  /** URLs whose origins (scheme, host, port) may see the token; any other request goes out without one. */
  readonly origins: readonly string[];
  /** Tells of further replies that reject the token, for an API that says so by a 403, say; a body is read from a `clone()`. */
  readonly isRejected?: IsRejected | undefined;
}

/** What {@link withBearerToken} returns: a `fetch` that knows one more member of `init`. */
export type FetchWithToken = (
  input: string | URL | Request,
  init?: RequestInit & {
    /** What the token of this request is asked for; `false` sends the request without one. */
    readonly token?: TokenRequest | false | undefined;
  },
) => Promise<Response>;

/**
 * A `fetch` that attaches a token and, when the API rejects it, sends the request once more with another one:
 * `withBearerToken(fetch, tokens, { origins: ['https://api.example.com'] })`. Hand it to whatever takes a `fetch`.
 *
 * A request for another origin, with `token: false`, or with an `Authorization` of its own is left alone; one that is
 * redirected to another origin goes there without the token. When there is no token the request is not sent and fails with the
 * {@link TokenError}.
 * @throws {ConfigurationError} when an option is unknown, malformed or missing, or an origin is neither https nor this machine
 * @see RFC 6750 §2.1 and §3
 */
export function withBearerToken(
  fetch: typeof globalThis.fetch,
  tokens: TokenSource,
  options: FetchTokenOptions,
): FetchWithToken {
  const checked = adapterOptions('withBearerToken', tokens, options);
  const { origins, requestOf } = checked;
  if (origins === undefined) throw new ConfigurationError('"origins" of withBearerToken is required');
  const { isRejected } = options;

  const client: FetchClient = {
    fetch,
    isRejected,
    requestOf,
    async follow({ request, token, redirects }, reply, location) {
      cancelBody(reply.body);
      if (redirects === mostRedirects) throw notFollowed(request.url, 'too often');
      const next = afterRedirect(request, reply.status, location);
      const nextOrigin = permittedOrigin(next.url, origins);
      // What has left the permitted origins gets no token any more, so that the rest is for `fetch` to follow.
      const hasLeft = nextOrigin === undefined;
      return asRedirected(
        await (hasLeft ? fetch(next.input, next.init) : send(next, nextOrigin, token, redirects + 1)),
      );
    },
  };

  // Redirects are followed here and not by `fetch`: one of a caller's own may take all headers along to anywhere, and a
  // proof of possession is for one URL only.
  function send(request: FetchRequest, origin: string, token?: TokenRequest, redirects = 0): Promise<Response> {
    request.init.signal?.throwIfAborted();
    const exchange = new FetchExchange(client, request, origin, token, redirects);
    const answer = tokenFor(tokens, exchange);
    const known = checked.latest.known(answer);
    if (known?.type !== 'Bearer') return sendAuthorized(tokens, exchange, checked, answer);
    // With a token at hand no async function has a part in it: one costs half a hundredth of a request over loopback.
    return exchange.send(known).then((reply) => (exchange.isPlain(reply) ? reply : answered(exchange, known, reply)));
  }

  async function answered(exchange: FetchExchange, token: AccessToken, reply: Response): Promise<Response> {
    if (!(await exchange.isRejected(reply))) return exchange.settle(reply);
    return sendOnceMore(tokens, exchange, { token, reply }, checked);
  }

  return (input, init) => {
    // Not an async function, which would take longer to hand on what it gets.
    try {
      const token = init?.token;
      const request = fetchRequest(input, init ?? {});
      const origin = permittedOrigin(request.url, origins);
      if (token === false || origin === undefined || hasAuthorization(request.init)) return fetch(input, init);

      if (typeof request.input === 'string') return send(request, origin, token);
      return withBodyInMemory(request).then((whole) => send(whole, origin, token));
    } catch (error) {
      return Promise.reject(error);
    }
  };
}
