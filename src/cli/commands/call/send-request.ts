import { parseChallenges } from '../../../adapters/challenge.js';
import { withBearerToken } from '../../../adapters/fetch/index.js';
import type { TokenSource } from '../../../core/token-source.js';
import { networkError } from '../../../grant/errors/network-error.js';
import { CommandError, exitCodes } from '../../io/command-error.js';
import { explainTokenError } from '../../io/report-error.js';
import type { ApiRequest } from './api-request.js';

/** How {@link sendRequest} goes about it. */
export interface SendRequestOptions {
  readonly signal: AbortSignal;
  /** @default globalThis.fetch */
  readonly fetch?: typeof globalThis.fetch | undefined;
}

/**
 * Sends a request with a token, and once more with another one when the API rejects it. Redirects are not followed.
 * @throws {CommandError} when the API cannot be reached
 * @throws {TokenError} when there is no token
 */
export function sendRequest(
  { method, url, headers, body }: ApiRequest,
  tokens: TokenSource,
  { signal, fetch = globalThis.fetch }: SendRequestOptions,
): Promise<Response> {
  const reaching: typeof globalThis.fetch = async (input, init) => {
    try {
      return await fetch(input, init);
    } catch (error) {
      throw signal.aborted ? signal.reason : unreachable(error, url);
    }
  };
  const authorizedFetch = withBearerToken(reaching, tokens, { origins: [url.origin] });
  return authorizedFetch(url, {
    method,
    headers: headers.map(([name, value]): [string, string] => [name, value]),
    body: body ?? null,
    redirect: 'manual',
    signal,
  });
}

/** The error for an API that gave no answer, or broke off. */
export function unreachable(error: unknown, url: URL): CommandError {
  const { what, advice } = explainTokenError(networkError(error, url.origin));
  return new CommandError(what, { advice, exitCode: exitCodes.apiUnreachable });
}

/** The error for an answer with an error status. */
export function refusedByApi({ status, headers }: Response, url: URL): CommandError {
  const challenges = parseChallenges(headers.get('www-authenticate') ?? '');
  const error = challenges.map(({ parameters }) => parameters.get('error')).find((each) => each !== undefined);
  const scope = challenges.map(({ parameters }) => parameters.get('scope')).find((each) => each !== undefined);
  return new CommandError(`${url.origin} answered ${status}${error === undefined ? '' : ` (${error})`}`, {
    advice: adviceFor(status, error, scope),
    exitCode: exitCodes.refusedByApi,
  });
}

function adviceFor(status: number, error: string | undefined, scope: string | undefined): string {
  if (error === 'insufficient_scope' || (status === 403 && error === undefined)) {
    return `ask for a token with the scope that this needs${scope === undefined ? '' : `: --scope "${scope}"`}`;
  }
  if (status === 401) return 'the API does not take this token: m2m doctor with this URL says more';
  if (status >= 500) return 'the API has a trouble of its own: try again later';
  return 'the request itself is at fault: without --fail its answer is shown';
}
