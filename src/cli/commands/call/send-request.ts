import { parseChallenges } from '../../../adapters/challenge.js';
import { withBearerToken } from '../../../adapters/fetch/index.js';
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
}

/**
 * Sends a request with a token, and resends it once with another token if the API rejects the first one. Does not follow
 * redirects.
 * @throws {CommandError} if the API is unreachable
 * @throws {TokenError} if there is no token
 */
export function sendRequest(
  { method, url, headers, body }: ApiRequest,
  tokens: TokenSource,
  { signal, fetch = globalThis.fetch }: SendRequestOptions,
): Promise<Response> {
  const fetchOrExplain: typeof globalThis.fetch = async (input, init) => {
    try {
      return await fetch(input, init);
    } catch (error) {
      throw signal.aborted ? signal.reason : unreachable(error, url);
    }
  };
  const authorizedFetch = withBearerToken(fetchOrExplain, tokens, { origins: [url.origin] });
  return authorizedFetch(url, {
    method,
    headers: headers.map(([name, value]): [string, string] => [name, value]),
    body: body ?? null,
    redirect: 'manual',
    signal,
  });
}

/** The error for an API that does not respond, or breaks off. */
export function unreachable(error: unknown, url: URL): CommandError {
  const { what, advice } = explainTokenError(networkError(error, { authorizationServer: url.origin }));
  return new CommandError(what, { advice, exitCode: exitCodes.apiUnreachable });
}

/** The error for a response with an error status. */
export function rejectedByApi({ status, headers }: Response, url: URL): CommandError {
  const challenges = parseChallenges(headers.get('www-authenticate') ?? '');
  const error = challenges.map(({ parameters }) => parameters.get('error')).find((each) => each !== undefined);
  const scope = challenges.map(({ parameters }) => parameters.get('scope')).find((each) => each !== undefined);
  return new CommandError(`${url.origin} responded with ${status}${error === undefined ? '' : ` (${error})`}`, {
    advice: adviceFor(status, error, scope),
    exitCode: exitCodes.rejectedByApi,
  });
}

function adviceFor(status: number, error: string | undefined, scope: string | undefined): string {
  if (error === 'insufficient_scope' || (status === 403 && error === undefined)) {
    return `request a token with the required scope${scope === undefined ? '' : `: --scope "${scope}"`}`;
  }
  if (status === 401) return 'the API rejects the token: m2m doctor with this URL shows more';
  if (status >= 500) return 'the API reported a server error: try again later';
  return 'the request is wrong: without --fail the command shows the response';
}
