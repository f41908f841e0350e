/** What the command can be told about the authorization server and the client; the names are those of `createTokenService`. */
export type SettingName =
  | 'issuer'
  | 'tokenEndpoint'
  | 'revocationEndpoint'
  | 'clientId'
  | 'clientSecret'
  | 'clientSecretFile'
  | 'keyFile'
  | 'assertionFile'
  | 'certificateFile'
  | 'keyId'
  | 'signingAlgorithm'
  | 'authMethod'
  | 'dpop'
  | 'scope'
  | 'audience'
  | 'resource';

/** Where one setting is taken from, and what it is. */
export interface Setting {
  /** In the environment and in an env file. */
  readonly variable: string;
  /** As commander has it; a secret has none: others can read the arguments of a process. */
  readonly flag?: string;
  readonly summary: string;
  readonly isSecret?: boolean;
  /** Whether it is `true` or `false`; its flag takes no value. */
  readonly isSwitch?: boolean;
  /** Of those that say this only one is set. */
  readonly oneOf?: 'the server' | 'the credentials';
}

/** All settings, in the order in which they are shown. One more is one more entry. */
export const settingTable: Readonly<Record<SettingName, Setting>> = {
  issuer: {
    variable: 'OAUTH_ISSUER',
    flag: '--issuer <url>',
    summary: 'URL of the authorization server, whose metadata are discovered',
    oneOf: 'the server',
  },
  tokenEndpoint: {
    variable: 'OAUTH_TOKEN_ENDPOINT',
    flag: '--token-endpoint <url>',
    summary: 'URL that the grant is posted to, instead of an issuer',
    oneOf: 'the server',
  },
  revocationEndpoint: {
    variable: 'OAUTH_REVOCATION_ENDPOINT',
    flag: '--revocation-endpoint <url>',
    summary: 'URL where tokens are revoked, beside a token endpoint',
  },
  clientId: { variable: 'OAUTH_CLIENT_ID', flag: '--client-id <id>', summary: 'who asks for tokens' },
  clientSecret: {
    variable: 'OAUTH_CLIENT_SECRET',
    summary: 'the secret of the client; without one you are asked for it',
    isSecret: true,
    oneOf: 'the credentials',
  },
  clientSecretFile: {
    variable: 'OAUTH_CLIENT_SECRET_FILE',
    flag: '--client-secret-file <path>',
    summary: 'file that holds the secret; - for stdin',
    oneOf: 'the credentials',
  },
  keyFile: {
    variable: 'OAUTH_KEY_FILE',
    flag: '--key-file <path>',
    summary: 'file of a private key (PEM or JWK), instead of a secret',
    oneOf: 'the credentials',
  },
  assertionFile: {
    variable: 'OAUTH_ASSERTION_FILE',
    flag: '--assertion-file <path>',
    summary: 'file of an assertion from elsewhere (Kubernetes, SPIFFE, a cloud), instead of a secret',
    oneOf: 'the credentials',
  },
  certificateFile: {
    variable: 'OAUTH_CERTIFICATE_FILE',
    flag: '--certificate-file <path>',
    summary: 'file of the client certificate (PEM) for mutual TLS, beside a key file',
  },
  keyId: { variable: 'OAUTH_KEY_ID', flag: '--key-id <id>', summary: 'id ("kid") under which the key is registered' },
  signingAlgorithm: {
    variable: 'OAUTH_SIGNING_ALGORITHM',
    flag: '--signing-algorithm <name>',
    summary: 'how the key signs (ES256, PS256 …), where the metadata do not say',
  },
  authMethod: {
    variable: 'OAUTH_AUTH_METHOD',
    flag: '--auth-method <name>',
    summary:
      'how the client proves who it is, where that is a choice: client_secret_basic, …_basic:form, …_basic:raw, ' +
      'client_secret_post, client_secret_jwt, private_key_jwt, tls_client_auth',
  },
  dpop: {
    variable: 'OAUTH_DPOP',
    flag: '--dpop',
    summary: 'bind tokens to a key of this run (RFC 9449); the variable is true or false',
    isSwitch: true,
  },
  scope: { variable: 'OAUTH_SCOPE', flag: '--scope <scopes>', summary: 'scopes to ask for, space-separated' },
  audience: { variable: 'OAUTH_AUDIENCE', flag: '--audience <names>', summary: 'audiences, space-separated' },
  resource: { variable: 'OAUTH_RESOURCE', flag: '--resource <urls>', summary: 'URLs of the APIs, space-separated' },
};

/** The names of all settings. */
export const settingNames = Object.keys(settingTable) as SettingName[];

/** The others of which only one is set with this one. */
export function rivalsOf(name: SettingName): readonly SettingName[] {
  const { oneOf } = settingTable[name];
  return oneOf === undefined ? [] : settingNames.filter((each) => each !== name && settingTable[each].oneOf === oneOf);
}

/** The order of the sources, for the help. */
export const sourcesText = `Settings come from these sources; what an earlier one says is not looked for in a later one:
  1. flags
  2. --env-file <path>: a file of lines NAME=value with the variables below
  3. --profile <name>: a member of profiles.json (mode 0600) in ~/.config/m2m-tokens (or XDG_CONFIG_HOME),
     an object with the names of the flags: clientId for --client-id
  4. environment variables`;
