import { withBearerToken } from '../../../adapters/fetch/index.js';
import type { InsecureUrl } from '../../../core/insecure-url.js';
import type { TokenSource } from '../../../core/token-source.js';
import { networkError } from '../../../grant/errors/network-error.js';
import { CommandError, exitCodes } from '../../io/command-error.js';
import { explainTokenError } from '../../io/report-error.js';
import type { ApiRequest } from './api-request.js';

/** Options of {@link sendRequest}. */
export interface SendRequestOptions {
  readonly signal: AbortSignal;
  /** @default globalThis.fetch */
  readonly fetch?: typeof globalThis.fetch | undefined;
  /** Whether redirects are followed. The token is sent to the origin of the request only. @default false */
  readonly followsRedirects?: boolean | undefined;
  /** The origin that may receive the token, marked if it may use http. @default the origin of the URL */
  readonly origin?: string | InsecureUrl | undefined;
}

/**
 * Sends a request with a token, and resends it once with another token if the API rejects the first one. Returns
 * the redirect response itself, unless `followsRedirects` is set.
 * @throws {CommandError} if the API is unreachable
 * @throws {TokenError} if there is no token
 */
export function sendRequest(
  { method, url, headers, body }: ApiRequest,
  tokens: TokenSource,
  { signal, fetch = globalThis.fetch, followsRedirects = false, origin = url.origin }: SendRequestOptions,
): Promise<Response> {
  const fetchOrExplain: typeof globalThis.fetch = async (input, init) => {
    try {
      return await fetch(input, init);
    } catch (error) {
      throw signal.aborted ? signal.reason : unreachable(error, url);
    }
  };
  const authorizedFetch = withBearerToken(fetchOrExplain, tokens, { origins: [origin] });
  return authorizedFetch(url, {
    method,
    headers: headers.map(([name, value]): [string, string] => [name, value]),
    body: body ?? null,
    redirect: followsRedirects ? 'follow' : 'manual',
    signal,
  });
}

/** The error for an API that sends no response, or only a part of it. */
export function unreachable(error: unknown, url: URL): CommandError {
  const reason = networkError(error, { authorizationServer: url.origin });
  const { what, advice = 'check the URL' } = explainTokenError(reason);
  return new CommandError(what, { advice, exitCode: exitCodes.apiUnreachable });
}
