import type { ClientAuthentication, PreparedAuthentication } from '../../grant/client-authentication.js';
import type { Secret } from '../../grant/secret.js';
import type { TokenServiceOptions } from '../../token-service-options.js';
import type { TokenSource } from '../../token-source.js';
import { authMethods, registeredName } from '../settings/service-options.js';
import { checkGrant } from './check-grant.js';
import type { ServerFacts } from './check-metadata.js';
import type { Finding } from './finding.js';

/** What is known when an `invalid_client` comes. */
export interface InvalidClientFacts {
  readonly prepared: PreparedAuthentication;
  readonly secret: string;
  readonly clientId: string;
  readonly facts: ServerFacts;
  /** Whether the other methods are tried next. */
  readonly triesMethods: boolean;
}

/** The likeliest reasons for an `invalid_client` (RFC 6749 §5.2), those that something speaks for first. */
export function reasonsForInvalidClient({
  prepared: { method, doubt },
  secret,
  clientId,
  facts: { token_endpoint_auth_methods_supported: supported },
  triesMethods,
}: InvalidClientFacts): readonly string[] {
  const isForeign = supported?.includes(method) === false;
  return [
    secret.trim() === secret ? undefined : 'the secret begins or ends with white space: copy it again',
    isForeign ? `it was sent by ${method}, but the server supports ${supported.join(', ')}` : undefined,
    doubt === undefined ? undefined : 'the id or the secret holds a character that servers read in different ways',
    `the secret is wrong, has expired or was replaced: make another one for "${clientId}"`,
    `"${clientId}" is unknown or disabled there: is it the right environment or tenant?`,
    isForeign ? undefined : `another method than ${method} is registered for this client`,
    triesMethods ? undefined : '--try-methods tries the other methods; each one counts as a failed sign-in',
  ].filter((reason) => reason !== undefined);
}

/** How {@link tryMethods} goes about it. */
export interface TryMethodsOptions {
  readonly clientId: string;
  readonly secret: Secret;
  readonly facts: ServerFacts;
  /** The one that was refused already. */
  readonly clientAuthentication: ClientAuthentication;
  readonly open: (options: Partial<TokenServiceOptions>) => TokenSource;
  readonly signal: AbortSignal;
}

/** Makes a grant by each other method, until one works; those that would send the same as one before are left out. */
export async function* tryMethods({
  clientId,
  secret,
  facts,
  clientAuthentication: refused,
  open,
  signal,
}: TryMethodsOptions): AsyncGenerator<Finding, void> {
  // What is tried is what the metadata may be wrong about.
  const { token_endpoint: tokenEndpoint, token_endpoint_auth_methods_supported: supported, ...unlisted } = facts;
  const whatIsSent = async (authentication: ClientAuthentication): Promise<string> => {
    const { method, secrets } = await authentication.prepare(clientId, unlisted);
    return JSON.stringify([method, secrets]);
  };
  const sent = new Set([await whatIsSent(refused)]);

  for (const [name, make] of Object.entries(authMethods)) {
    const clientAuthentication = make(secret);
    const content = await whatIsSent(clientAuthentication);
    if (sent.has(content)) continue;
    sent.add(content);

    const tokens = open({ issuer: undefined, tokenEndpoint, clientAuthentication });
    const { token, findings } = await checkGrant(tokens, { signal, reasons: () => Promise.resolve(['refused, too']) });
    if (token !== undefined) {
      const isListed = supported?.includes(registeredName(name)) ?? true;
      const elsewise = isListed
        ? ', or OAUTH_AUTH_METHOD'
        : `, and --token-endpoint ${tokenEndpoint}: it is not in the metadata`;
      yield { verdict: 'good', what: `${name} works`, advice: `set --auth-method ${name}${elsewise}` };
      return;
    }
    for (const finding of findings) yield { ...finding, what: `${name}: ${finding.what}` };
  }
}
