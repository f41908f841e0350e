import type { ClientAuthentication, PreparedAuthentication } from '../../../authentication/client-authentication.js';
import type { TokenSource } from '../../../core/token-source.js';
import type { TokenServiceOptions } from '../../../service/options.js';
import { authMethods, type Credentials, registeredName } from '../../settings/auth-methods.js';
import type { Settings } from '../../settings/settings.js';
import { checkGrant } from './checks/grant.js';
import type { ServerFacts } from './checks/metadata.js';
import type { Finding } from './finding.js';

/** What is known when an `invalid_client` comes. */
export interface InvalidClientFacts {
  readonly prepared: PreparedAuthentication;
  readonly credentials: Credentials;
  readonly clientId: string;
  readonly facts: ServerFacts;
  /** Whether the other methods are tried next. */
  readonly triesMethods: boolean;
}

/** The likeliest reasons for an `invalid_client` (RFC 6749 §5.2), those that something speaks for first. */
export function reasonsForInvalidClient({
  prepared: { method, hint: doubt },
  credentials,
  clientId,
  facts: { token_endpoint_auth_methods_supported: supported },
  triesMethods,
}: InvalidClientFacts): readonly string[] {
  const { secret } = credentials;
  const isForeign = supported?.includes(method) === false;
  return [
    secret.trim() === secret ? undefined : 'the secret begins or ends with white space: copy it again',
    isForeign ? `it was sent by ${method}, but the server supports ${supported.join(', ')}` : undefined,
    doubt === undefined || !(method in doubts) ? doubt : doubts[method],
    method.startsWith('client_secret_')
      ? `the secret is wrong, has expired or was replaced: make another one for "${clientId}"`
      : undefined,
    `"${clientId}" is unknown or disabled there: is it the right environment or tenant?`,
    isForeign ? undefined : `another method than ${method} is registered for this client`,
    triesMethods || possibleMethods(credentials).length < 2
      ? undefined
      : '--try-methods tries the other methods; each one counts as a failed sign-in',
  ].filter((reason) => reason !== undefined);
}

// The library's own words are for whoever writes a program.
const doubts: Readonly<Record<string, string | undefined>> = {
  client_secret_basic: 'the id or the secret holds a character that servers read in different ways',
  client_secret_post: undefined,
};

const possibleMethods = (credentials: Credentials) =>
  Object.entries(authMethods).filter(([, { needs }]) => needs.every((each) => credentials[each] !== ''));

/** How {@link tryMethods} goes about it. */
export interface TryMethodsOptions {
  readonly settings: Settings;
  readonly clientId: string;
  readonly credentials: Credentials;
  readonly facts: ServerFacts;
  /** The one that was refused already. */
  readonly clientAuthentication: ClientAuthentication;
  readonly open: (options: Partial<TokenServiceOptions>) => TokenSource;
  readonly signal: AbortSignal;
}

/**
 * Makes a grant by each other method that there are credentials for, until one works; those that would send the same as one
 * before are left out.
 */
export async function* tryMethods({
  settings,
  clientId,
  credentials,
  facts: { issuer, token_endpoint: tokenEndpoint, token_endpoint_auth_methods_supported: supported },
  clientAuthentication: refused,
  open,
  signal,
}: TryMethodsOptions): AsyncGenerator<Finding, void> {
  const whatIsSent = async (authentication: ClientAuthentication): Promise<string> => {
    // Without the metadata, which may be wrong.
    const { method, secrets } = await authentication.prepare(clientId, { issuer });
    return JSON.stringify([method, secrets]);
  };
  const sent = new Set([await whatIsSent(refused)]);

  for (const [name, { make }] of possibleMethods(credentials)) {
    const clientAuthentication = await make(credentials, settings);
    const content = await whatIsSent(clientAuthentication);
    if (sent.has(content)) continue;
    sent.add(content);

    const isListed = supported?.includes(registeredName(name)) ?? true;
    const where = isListed ? {} : { issuer: undefined, tokenEndpoint };
    const tokens = open({ ...where, clientAuthentication });
    const { token, findings } = await checkGrant(tokens, { signal, reasons: () => Promise.resolve(['refused, too']) });
    if (token !== undefined) {
      const elsewise = isListed
        ? ', or OAUTH_AUTH_METHOD'
        : `, and --token-endpoint ${tokenEndpoint}: it is not in the metadata`;
      yield { verdict: 'good', what: `${name} works`, advice: `set --auth-method ${name}${elsewise}` };
      return;
    }
    for (const finding of findings) yield { ...finding, what: `${name}: ${finding.what}` };
  }
}
