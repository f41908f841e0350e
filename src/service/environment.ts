import { fromFile } from '../authentication/secret.js';
import { anyObject, checkArgument, checkIsOptions } from '../core/check-options.js';
import { ConfigurationError } from '../core/errors.js';
import { httpAllowance } from '../core/insecure-url.js';
import type { TokenServiceOptions } from './options.js';
import { createTokenService, type TokenService } from './token-service.js';

/**
 * Creates a token service with options from environment variables. A member of `options` takes precedence over its
 * variable.
 *
 * The variables are `OAUTH_ISSUER`, `OAUTH_TOKEN_ENDPOINT` or `OAUTH_PROTECTED_RESOURCE`, `OAUTH_CLIENT_ID`,
 * `OAUTH_CLIENT_SECRET` or `OAUTH_CLIENT_SECRET_FILE` (a path), and the space-separated lists `OAUTH_SCOPE`,
 * `OAUTH_AUDIENCE` and `OAUTH_RESOURCE`. `OAUTH_ISSUERS` is a list too; `OAUTH_PROTECTED_RESOURCE` requires it.
 * `OAUTH_DANGEROUSLY_ALLOW_HTTP` lists the origins for which http is allowed in these URLs, as with
 * {@link dangerouslyAllowHttp}. An empty variable counts as unset.
 * @throws {ConfigurationError} if a variable is missing or contradicts another, and as {@link createTokenService}
 * @example
 * ```ts
 * import { tokenServiceFromEnvironment } from 'm2m-tokens';
 *
 * const tokens = tokenServiceFromEnvironment({ scope: 'orders:read' });
 * ```
 */
export function tokenServiceFromEnvironment(
  options: Partial<TokenServiceOptions> = {},
  environment: Readonly<Record<string, string | undefined>> = process.env,
): TokenService {
  checkIsOptions('tokenServiceFromEnvironment', options);
  checkArgument('tokenServiceFromEnvironment', 'environment', environment, anyObject);
  const read = (name: string): string | undefined => environment[name] || undefined;
  const list = (name: string): string[] | undefined => read(name)?.split(/\s+/).filter(Boolean);

  const either = (names: readonly string[], given: readonly unknown[]): void => {
    if (given.some((value) => value !== undefined)) return;
    const present = names.filter((name) => read(name) !== undefined);
    if (present.length === 0) {
      const any = names.join(', ').replace(/, (\w+)$/, ' or $1');
      throw new ConfigurationError(`the environment variable ${any} is missing`);
    }
    if (present.length > 1)
      throw new ConfigurationError(`of the environment variables ${present.join(' and ')} only one may be set`);
  };

  const servers = [options.issuer, options.tokenEndpoint, options.protectedResource];
  either(['OAUTH_ISSUER', 'OAUTH_TOKEN_ENDPOINT', 'OAUTH_PROTECTED_RESOURCE'], servers);
  either(['OAUTH_CLIENT_SECRET', 'OAUTH_CLIENT_SECRET_FILE'], [options.clientSecret, options.clientAuthentication]);
  const clientId = options.clientId ?? read('OAUTH_CLIENT_ID');
  if (clientId === undefined) throw new ConfigurationError('the environment variable OAUTH_CLIENT_ID is missing');

  const path = read('OAUTH_CLIENT_SECRET_FILE');
  const allowed = httpAllowance(list('OAUTH_DANGEROUSLY_ALLOW_HTTP') ?? [], 'OAUTH_DANGEROUSLY_ALLOW_HTTP');
  const url = (name: string) => read(name) && allowed(read(name) as string);
  const isServerGiven = servers.some((value) => value !== undefined);
  const server = {
    issuer: url('OAUTH_ISSUER'),
    tokenEndpoint: url('OAUTH_TOKEN_ENDPOINT'),
    protectedResource: url('OAUTH_PROTECTED_RESOURCE'),
  };
  const usesIssuers = !isServerGiven || options.protectedResource !== undefined;
  const isSecretGiven = options.clientSecret !== undefined || options.clientAuthentication !== undefined;
  return createTokenService({
    ...(!isServerGiven && server),
    ...(usesIssuers && { issuers: list('OAUTH_ISSUERS')?.map(allowed) }),
    ...(!isSecretGiven && { clientSecret: path === undefined ? read('OAUTH_CLIENT_SECRET') : fromFile(path) }),
    scope: list('OAUTH_SCOPE'),
    audience: list('OAUTH_AUDIENCE'),
    resource: list('OAUTH_RESOURCE'),
    ...Object.fromEntries(Object.entries(options).filter(([, value]) => value !== undefined)),
    clientId,
  });
}
