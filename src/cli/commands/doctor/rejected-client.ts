import { authenticatorOf } from '../../../authentication/client-authentication.js';
import type { ClientAuthentication, PreparedAuthentication } from '../../../authentication/client-authentication.js';
import type { GrantRejectedError } from '../../../core/errors.js';
import type { TokenSource } from '../../../core/token-source.js';
import { readable } from '../../../grant/errors/redaction.js';
import type { TokenServiceOptions } from '../../../service/options.js';
import { withFlags } from '../../io/option-names.js';
import { shellWord } from '../../io/shell-word.js';
import { authMethods, type Credentials, registeredName } from '../../settings/auth-methods.js';
import { flawOfSecret } from '../../settings/credentials.js';
import type { Settings } from '../../settings/settings.js';
import { checkGrant } from './checks/grant.js';
import type { ServerFacts } from './checks/metadata.js';
import { type Finding, pass } from './finding.js';

/** The facts that explain a rejection of the client. */
export interface RejectedClientFacts {
  readonly rejection: Pick<GrantRejectedError, 'error' | 'status'>;
  readonly prepared: PreparedAuthentication;
  readonly settings: Settings;
  readonly credentials: Credentials;
  readonly clientId: string;
  readonly facts: ServerFacts;
  /** Whether the command tries the other methods next. */
  readonly triesMethods: boolean;
}

/** The likely reasons for a rejection of the client (RFC 6749 §5.2): first those with evidence, then the usual ones. */
export function reasonsForRejectedClient({
  rejection,
  prepared: { method, hint },
  settings,
  credentials,
  clientId,
  facts: { token_endpoint_auth_methods_supported: supported },
  triesMethods,
}: RejectedClientFacts): readonly string[] {
  const isUnsupported = supported?.includes(method) === false;
  const methods = readable(supported?.join(', ') ?? '', []);
  return [
    flawOfSecret(settings, credentials),
    isUnsupported ? `the request used ${method}, but the server supports ${methods}` : undefined,
    rejection.status === 401 ? undefined : reasonOfCode(rejection, settings),
    hint && (method in hints ? hints[method] : withFlags(hint)),
    method.startsWith('client_secret_')
      ? `the secret is wrong, has expired or was replaced: create another one for "${clientId}"`
      : undefined,
    method === 'none'
      ? 'this server may require that the client authenticates: set --client-id and a credential'
      : undefined,
    clientId === ''
      ? undefined
      : `the client "${clientId}" is unknown or disabled at this server: check the environment or tenant`,
    isUnsupported || method === 'none' ? undefined : `the client is registered for a method other than ${method}`,
    // With 401, the credentials are the more likely reason.
    rejection.status === 401 ? reasonOfCode(rejection, settings) : undefined,
    ...(rejection.error === undefined ? reasonsWithoutCode(settings) : []),
    triesMethods || possibleMethods(credentials).length < 2
      ? undefined
      : '--try-methods tries the other methods: each counts as a failed sign-in',
  ].filter((reason) => reason !== undefined);
}

/** The reason for an error code of RFC 6749 §5.2; `undefined` if the error is about the credentials. */
function reasonOfCode({ error, status }: RejectedClientFacts['rejection'], { grant }: Settings): string | undefined {
  switch (error) {
    case undefined:
    case 'invalid_client':
      return undefined;
    case 'unauthorized_client':
      // With 401, the error is about the credentials.
      return status === 401
        ? undefined
        : `the ${grant?.value.replace('_', ' ') ?? 'client credentials'} grant must be enabled for this client`;
    default:
      return 'check --scope, --resource, --audience and --parameter: this server may not support one of the values';
  }
}

const reasonsWithoutCode = ({ scope, dpop }: Settings): (string | undefined)[] => [
  scope === undefined ? 'some servers reject a request without a scope in this way: set --scope' : undefined,
  dpop?.value === 'true' ? 'the server may reject the DPoP proof: check the clock of this machine' : undefined,
  'this may not be the token endpoint: check its URL',
];

// Replaces two hints of the library. They advise other methods, which --try-methods tries, and report blanks, which
// `flawOfSecret` reports.
const hints: Readonly<Record<string, string | undefined>> = {
  client_secret_basic: 'the id or the secret contains a character that servers decode differently',
  client_secret_post: undefined,
};

const possibleMethods = (credentials: Credentials) =>
  Object.entries(authMethods).filter(([, { needs }]) => needs.every((each) => credentials[each] !== ''));

/** Options of {@link tryMethods}. */
export interface TryMethodsOptions {
  readonly settings: Settings;
  readonly clientId: string;
  readonly credentials: Credentials;
  readonly facts: ServerFacts;
  /** The client authentication that the server rejected. */
  readonly clientAuthentication: ClientAuthentication | undefined;
  readonly open: (options: Partial<TokenServiceOptions>) => TokenSource;
  readonly signal: AbortSignal;
}

/**
 * Requests a token with each other method for which there are credentials, until one succeeds. Skips a method that
 * sends the same request as an earlier one.
 */
export async function* tryMethods({
  settings,
  clientId,
  credentials,
  facts: { issuer, token_endpoint: tokenEndpoint, token_endpoint_auth_methods_supported: supported },
  clientAuthentication: rejected,
  open,
  signal,
}: TryMethodsOptions): AsyncGenerator<Finding, void> {
  const credentialsSent = async (authentication: ClientAuthentication): Promise<string> => {
    // Only with the issuer: the rest of the metadata may be wrong.
    const { method, secrets } = await authenticatorOf(authentication).prepare(clientId, { issuer });
    return JSON.stringify([method, secrets]);
  };
  const withoutMetadata = { issuer: undefined, protectedResource: undefined, issuers: undefined };
  const tried = new Set(rejected === undefined ? [] : [await credentialsSent(rejected)]);

  for (const [name, { make }] of possibleMethods(credentials)) {
    const clientAuthentication = await make(credentials, settings);
    const sent = await credentialsSent(clientAuthentication);
    if (tried.has(sent)) continue;
    tried.add(sent);

    const isListed = supported?.includes(registeredName(name)) ?? true;
    const server = isListed ? {} : { ...withoutMetadata, tokenEndpoint };
    const tokens = open({ ...server, clientAuthentication });
    const reasons = () => Promise.resolve(['the server rejects this method too']);
    const { token, findings } = await checkGrant(tokens, { signal, reasons });
    if (token !== undefined) {
      const more = isListed
        ? ', or OAUTH_AUTH_METHOD'
        : `, and --token-endpoint ${shellWord(String(tokenEndpoint))}, because the metadata does not list this method`;
      yield { ...pass(`${name} works`), advice: `set --auth-method ${name}${more}` };
      return;
    }
    for (const finding of findings) yield { ...finding, what: `${name}: ${finding.what}` };
  }
}
