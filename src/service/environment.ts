import { federatedAssertion } from '../authentication/federated-assertion.js';
import { fromFile } from '../authentication/secret.js';
import { anyObject, checkArgument, checkIsOptions } from '../core/check-options.js';
import { ConfigurationError } from '../core/errors.js';
import { httpAllowance, type InsecureUrl } from '../core/insecure-url.js';
import { grantInputsOf, grantNameOf } from './grant-input.js';
import { grantOf } from './grant-settings.js';
import { identityOf, type IdentitySettings } from './identity-kinds.js';
import type { TokenServiceOptions } from './options.js';
import { createTokenService, type TokenService } from './token-service.js';

/**
 * Creates a token service with options from environment variables. A member of `options` takes precedence over its
 * variable.
 *
 * The variables are `OAUTH_ISSUER`, `OAUTH_TOKEN_ENDPOINT` or `OAUTH_PROTECTED_RESOURCE`, `OAUTH_CLIENT_ID`,
 * `OAUTH_CLIENT_SECRET` or `OAUTH_CLIENT_SECRET_FILE` (a path), and the space-separated lists `OAUTH_SCOPE`,
 * `OAUTH_AUDIENCE` and `OAUTH_RESOURCE`. `OAUTH_ISSUERS` is a list too; `OAUTH_PROTECTED_RESOURCE` requires it.
 * `OAUTH_REVOCATION_ENDPOINT` belongs to `OAUTH_TOKEN_ENDPOINT`.
 * `OAUTH_DANGEROUSLY_ALLOW_HTTP` lists the origins for which http is allowed in these URLs, as with
 * {@link dangerouslyAllowHttp}. An empty variable counts as unset.
 *
 * `OAUTH_GRANT` is `client_credentials` (the default), `jwt_bearer` or `token_exchange`. The assertion comes from
 * `OAUTH_ASSERTION_FILE`, the subject token from `OAUTH_SUBJECT_TOKEN_FILE` with `OAUTH_SUBJECT_TOKEN_TYPE`, and either
 * from `OAUTH_IDENTITY`. Token exchange also has `OAUTH_ACTOR_TOKEN_FILE`, `OAUTH_ACTOR_TOKEN_TYPE` and
 * `OAUTH_REQUESTED_TOKEN_TYPE`.
 *
 * `OAUTH_IDENTITY` is `kubernetes`, `azure`, `gcp`, `aws`, `github`, `gitlab`, `spiffe`, `executable` or `url`, with
 * `OAUTH_IDENTITY_AUDIENCE`, `…_RESOURCE`, `…_ACCOUNT`, `…_PATH`, `…_VARIABLE`, `…_COMMAND`, `…_URL` and `…_MEMBER`. An
 * identity or assertion file that the grant does not use is the client assertion, in place of a secret. These sources
 * read the variables of their platform from `process.env`.
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

  const allowed = httpAllowance(list('OAUTH_DANGEROUSLY_ALLOW_HTTP') ?? [], 'OAUTH_DANGEROUSLY_ALLOW_HTTP');
  const url = (name: string): string | InsecureUrl | undefined => read(name) && allowed(read(name) as string);
  const servers = [options.issuer, options.tokenEndpoint, options.protectedResource];
  const isServerGiven = servers.some((value) => value !== undefined);
  if (!isServerGiven) atMostOne(['OAUTH_ISSUER', 'OAUTH_TOKEN_ENDPOINT', 'OAUTH_PROTECTED_RESOURCE'], read, true);
  const server = {
    issuer: url('OAUTH_ISSUER'),
    tokenEndpoint: url('OAUTH_TOKEN_ENDPOINT'),
    protectedResource: url('OAUTH_PROTECTED_RESOURCE'),
    revocationEndpoint: url('OAUTH_REVOCATION_ENDPOINT'),
  };
  const usesIssuers = !isServerGiven || options.protectedResource !== undefined;
  const { grant, needsClient, ...credentials } = credentialsOf(options, { read, url });
  const clientId = options.clientId ?? read('OAUTH_CLIENT_ID');
  if (clientId === undefined && needsClient) {
    throw new ConfigurationError('the environment variable OAUTH_CLIENT_ID is missing');
  }
  return createTokenService({
    ...(!isServerGiven && server),
    ...(usesIssuers && { issuers: list('OAUTH_ISSUERS')?.map(allowed) }),
    ...credentials,
    grant,
    scope: list('OAUTH_SCOPE'),
    audience: list('OAUTH_AUDIENCE'),
    resource: list('OAUTH_RESOURCE'),
    ...Object.fromEntries(Object.entries(options).filter(([, value]) => value !== undefined)),
    clientId,
  });
}

type Read = (name: string) => string | undefined;

interface Variables {
  readonly read: Read;
  /** The URL in a variable, with http if that is allowed. */
  readonly url: (name: string) => string | InsecureUrl | undefined;
}

const variables = {
  assertionFile: 'OAUTH_ASSERTION_FILE',
  subjectTokenFile: 'OAUTH_SUBJECT_TOKEN_FILE',
  identity: 'OAUTH_IDENTITY',
} as const;

/** The grant, the client authentication, and whether the client authenticates. */
function credentialsOf(
  options: Partial<TokenServiceOptions>,
  { read, url }: Variables,
): Pick<TokenServiceOptions, 'grant' | 'clientSecret' | 'clientAuthentication'> & { readonly needsClient: boolean } {
  const name = grantNameOf(read('OAUTH_GRANT') ?? 'client_credentials', 'OAUTH_GRANT');
  const fromVariables = options.grant === undefined ? name : 'client_credentials';
  const input = grantInputsOf(fromVariables).find((each) => read(variables[each]) !== undefined);
  const file = (variable: string) => (read(variable) === undefined ? undefined : fromFile(read(variable) as string));
  const source = (from: keyof typeof variables) =>
    from === 'identity' ? identityFrom({ read, url }) : fromFile(read(variables[from]) as string);
  if (fromVariables === 'token_exchange' && read('OAUTH_SUBJECT_TOKEN_TYPE') === undefined) {
    throw new ConfigurationError('the environment variable OAUTH_SUBJECT_TOKEN_TYPE is missing');
  }
  const grant = grantOf({
    name: fromVariables,
    input: input && source(input),
    subjectTokenType: read('OAUTH_SUBJECT_TOKEN_TYPE'),
    actorToken: file('OAUTH_ACTOR_TOKEN_FILE'),
    actorTokenType: read('OAUTH_ACTOR_TOKEN_TYPE'),
    requestedTokenType: read('OAUTH_REQUESTED_TOKEN_TYPE'),
  });

  const needsClient = fromVariables === 'client_credentials' && options.grant === undefined;
  if (options.clientSecret !== undefined || options.clientAuthentication !== undefined) {
    return { grant, needsClient: true };
  }
  const assertions = (['assertionFile', 'identity'] as const).filter((each) => each !== input);
  const secrets = ['OAUTH_CLIENT_SECRET', 'OAUTH_CLIENT_SECRET_FILE'];
  const used = atMostOne([...secrets, ...assertions.map((each) => variables[each])], read, needsClient);
  const assertion = assertions.find((each) => variables[each] === used);
  if (assertion !== undefined) {
    return { grant, needsClient: true, clientAuthentication: federatedAssertion(source(assertion)) };
  }
  const clientSecret = read('OAUTH_CLIENT_SECRET') ?? file('OAUTH_CLIENT_SECRET_FILE');
  return { grant, clientSecret, needsClient: needsClient || clientSecret !== undefined };
}

/** The only variable that is set. */
function atMostOne(names: readonly string[], read: Read, isRequired: boolean): string | undefined {
  const present = names.filter((name) => read(name) !== undefined);
  if (present.length === 0 && isRequired) {
    throw new ConfigurationError(
      `the environment variable ${names.join(', ').replace(/, (\w+)$/, ' or $1')} is missing`,
    );
  }
  if (present.length > 1) {
    throw new ConfigurationError(`of the environment variables ${present.join(' and ')} only one may be set`);
  }
  return present[0];
}

const identitySettings = ['audience', 'resource', 'account', 'path', 'variable', 'command', 'member'] as const;

function identityFrom({ read, url }: Variables) {
  const nameOf = (setting: keyof IdentitySettings | 'identity') =>
    setting === 'identity' ? variables.identity : `OAUTH_IDENTITY_${setting.toUpperCase()}`;
  const texts = Object.fromEntries(identitySettings.map((each) => [each, read(nameOf(each))]));
  return identityOf(read(variables.identity) ?? '', { ...texts, url: url(nameOf('url')) }, nameOf).source;
}
