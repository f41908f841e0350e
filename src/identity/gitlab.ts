import { checkArgument, nonEmptyString } from '../core/check-options.js';
import { requiredVariable } from './environment.js';
import {
  checkSourceOptions,
  type IdentitySourceOptions,
  type IdentityTokenSource,
  identityTokenSource,
} from './identity-token-source.js';

/** Options of {@link gitlabIdToken}. */
export interface GitlabIdTokenOptions extends IdentitySourceOptions {
  /** The name of the token under `id_tokens` in `.gitlab-ci.yml`. */
  readonly variable: string;
}

/**
 * The ID token of a job in GitLab CI/CD, from the environment variable that `id_tokens` in `.gitlab-ci.yml` names. A job
 * has one token, which it cannot renew.
 * @throws {ConfigurationError} if the variable is missing, or an option is missing, unknown or malformed
 * @see [ID tokens](https://docs.gitlab.com/ci/secrets/id_token_authentication/)
 * @example
 * ```ts
 * import { federatedAssertion } from 'm2m-tokens';
 * import { gitlabIdToken } from 'm2m-tokens/identity';
 *
 * // job: { id_tokens: { AUTH_TOKEN: { aud: 'https://auth.example.com' } } }
 * const clientAuthentication = federatedAssertion(gitlabIdToken({ variable: 'AUTH_TOKEN' }));
 * ```
 */
export function gitlabIdToken(options: GitlabIdTokenOptions): IdentityTokenSource {
  checkSourceOptions('gitlabIdToken', options, { variable: nonEmptyString });
  const { variable } = options;
  checkArgument('gitlabIdToken', 'variable', variable, nonEmptyString);
  const read = () => requiredVariable(variable, `add it to "id_tokens" of this job in .gitlab-ci.yml, with its "aud"`);
  read();
  const issue = async () => ({ token: read() });
  return identityTokenSource({ name: `the variable ${variable}`, isCached: false, issue }, options);
}
