import { anyFunction } from '../core/check-options.js';
import { askEndpoint } from './endpoint.js';
import { requiredVariable } from './environment.js';
import {
  checkSourceOptions,
  type IdentitySourceOptions,
  type IdentityTokenSource,
  identityTokenSource,
} from './identity-token-source.js';
import { identityUrl } from './identity-url.js';
import { membersOf } from './token-format.js';

/** Options of {@link githubActionsToken}. */
export interface GithubActionsTokenOptions extends IdentitySourceOptions {
  /** The audience of the token. @default the URL of the owner of the repository */
  readonly audience?: string | undefined;
  /** Sends the request, for example through a proxy. @default globalThis.fetch */
  readonly fetch?: typeof globalThis.fetch | undefined;
}

/**
 * The ID token of a job in GitHub Actions. The job needs `permissions: id-token: write`, with which the runner sets
 * `ACTIONS_ID_TOKEN_REQUEST_URL` and `ACTIONS_ID_TOKEN_REQUEST_TOKEN`.
 * @throws {ConfigurationError} if one of these variables is missing, or an option is unknown or malformed
 * @see [OpenID Connect](https://docs.github.com/actions/reference/security/oidc)
 * @example
 * ```ts
 * import { federatedAssertion } from 'm2m-tokens';
 * import { githubActionsToken } from 'm2m-tokens/identity';
 *
 * const clientAuthentication = () => federatedAssertion(githubActionsToken({ audience: 'https://auth.example.com' }));
 * ```
 */
export function githubActionsToken(options: GithubActionsTokenOptions = {}): IdentityTokenSource {
  checkSourceOptions('githubActionsToken', options, { fetch: anyFunction });
  const { audience, fetch } = options;
  const variable = 'ACTIONS_ID_TOKEN_REQUEST_URL';
  const url = identityUrl(requiredVariable(variable, advice), `the environment variable ${variable}`);
  const requestToken = requiredVariable('ACTIONS_ID_TOKEN_REQUEST_TOKEN', advice);
  if (audience !== undefined) url.searchParams.set('audience', audience);
  const name = 'GitHub Actions';
  const headers = { authorization: `Bearer ${requestToken}`, accept: 'application/json' };
  const unreachable = 'check the network of the runner; a runner behind a proxy needs "fetch"';
  // GitHub rejects a job for a moment after it has begun: "Can't issue ID_TOKEN for job in 'Pending' state."
  const isTransient = ({ body }: { readonly body: string }) => /job in '\w+' state/.test(body);
  const endpoint = { name, url, headers, fetch, advice, unreachable, isTransient };
  const issue = async () => ({ token: membersOf(await askEndpoint(endpoint), name)['value'] });
  return identityTokenSource({ name, issue }, options);
}

const advice = 'give the job "permissions: id-token: write"; a pull request from a fork does not get it';
