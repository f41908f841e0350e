import { type GrantInputName, grantInputsOf } from '../../service/grant-input.js';
import { grantDefinitions, identityDefinitions } from './grant-definitions.js';

/** The settings, in the order of the output. A placeholder stands for the value of a flag. */
const definitions = {
  issuer: { placeholder: '<url>', summary: 'URL of the authorization server, for the discovery of its metadata' },
  tokenEndpoint: { placeholder: '<url>', summary: 'URL of the token endpoint, instead of an issuer' },
  protectedResource: {
    placeholder: '<url>',
    summary: 'URL of an API whose metadata name the authorization server (RFC 9728), instead of an issuer',
  },
  issuers: {
    placeholder: '<urls>',
    isList: true,
    summary: 'issuers that may receive the credentials, space-separated; for use with a protected resource',
  },
  revocationEndpoint: {
    placeholder: '<url>',
    summary: 'URL of the revocation endpoint, for use with a token endpoint',
  },
  dangerouslyAllowHttp: {
    placeholder: '<origins>',
    isList: true,
    summary:
      'http origins of the authorization server or APIs that are allowed, space-separated; only where a service mesh ' +
      'encrypts',
  },
  clientId: { placeholder: '<id>', summary: 'id of the client' },
  // Without a flag: other users can read the arguments of a process.
  clientSecret: { isSecret: true, summary: 'client secret; without any credentials, the command prompts for it' },
  clientSecretFile: { placeholder: '<path>', isPath: true, summary: 'file with the client secret; - for stdin' },
  keyFile: {
    placeholder: '<path>',
    isPath: true,
    summary: 'file with a private key (PEM or JWK), instead of a secret',
  },
  assertionFile: {
    placeholder: '<path>',
    isPath: true,
    summary:
      'file with an assertion of another issuer (Kubernetes, SPIFFE, a cloud): that of the grant jwt_bearer, otherwise ' +
      'a client assertion, instead of a secret',
  },
  certificateFile: {
    placeholder: '<path>',
    isPath: true,
    summary: 'file with the client certificate (PEM), for use with a key file',
  },
  keyId: { placeholder: '<id>', summary: 'registered id ("kid") of the private key' },
  signingAlgorithm: {
    placeholder: '<name>',
    summary: 'algorithm of client assertions (ES256, PS256 …), if the metadata does not determine it',
  },
  assertionAudience: {
    placeholder: '<url>',
    summary: 'audience of client assertions; default: the issuer, or the token endpoint if that is set instead',
  },
  authMethod: {
    placeholder: '<name>',
    summary:
      'client authentication, if the credentials allow several: client_secret_basic, …_basic:form, …_basic:raw, ' +
      'client_secret_post, client_secret_jwt, private_key_jwt, tls_client_auth, federated_assertion; none with another ' +
      'grant',
  },
  dpop: {
    isSwitch: true,
    summary: 'request DPoP tokens, with a new DPoP key for each run (RFC 9449); the variable is true or false',
  },
  assumeBearer: {
    isSwitch: true,
    summary: 'accept tokens of a missing or unknown type as Bearer tokens; the variable is true or false',
  },
  ...grantDefinitions,
  ...identityDefinitions,
  scope: { placeholder: '<scopes>', isList: true, summary: 'requested scopes, space-separated' },
  audience: { placeholder: '<names>', isList: true, summary: 'requested audiences, space-separated' },
  resource: { placeholder: '<urls>', isList: true, summary: 'URLs of the requested APIs, space-separated' },
  parameter: {
    placeholder: '<name=value>',
    isForm: true,
    summary: 'further parameter of the token request; the flag can be repeated, the variable is form-encoded (a=1&b=2)',
  },
} satisfies Record<string, Omit<SettingDefinition, 'variable' | 'flag'> & { readonly placeholder?: string }>;

/** The name of a setting: the option of `createTokenService`, if there is one. */
export type SettingName = keyof typeof definitions;

/** The definition of one setting. */
export interface SettingDefinition {
  /** Its name in the environment and in an env file: `OAUTH_KEY_ID` for `keyId`. */
  readonly variable: string;
  /** Its flag in the syntax of commander: `--key-id <id>` for `keyId`. */
  readonly flag?: string | undefined;
  readonly summary: string;
  readonly isSecret?: boolean;
  /** Whether the value is `true` or `false`. The flag takes no value. */
  readonly isSwitch?: boolean;
  /** Whether the value is the path of a file. */
  readonly isPath?: boolean;
  /** Whether the value is a list whose members are separated by white space. */
  readonly isList?: boolean;
  /** Whether the value is a program and its arguments, which may be secret. */
  readonly isCommand?: boolean;
  /** Whether the value is form-encoded. The flag has one pair and can be repeated; a profile has an object. */
  readonly isForm?: boolean;
}

/** The names of all settings. */
export const settingNames = Object.keys(definitions) as SettingName[];

/** The definitions of all settings. */
export const settingDefinitions = Object.fromEntries(
  settingNames.map((name) => [name, definitionOf(name)]),
) as Readonly<Record<SettingName, SettingDefinition>>;

function definitionOf(name: SettingName): SettingDefinition {
  const definition: Omit<SettingDefinition, 'variable'> & { placeholder?: string } = definitions[name];
  const { placeholder, ...rest } = definition;
  const words = name.replace(/[A-Z]/g, (letter) => `-${letter.toLowerCase()}`);
  const flag = rest.isSecret ? undefined : [`--${words}`, placeholder].filter(Boolean).join(' ');
  return { ...rest, flag, variable: `OAUTH_${words.replaceAll('-', '_').toUpperCase()}` };
}

const exclusiveSettings: readonly (readonly SettingName[])[] = [
  ['issuer', 'tokenEndpoint', 'protectedResource'],
  ['issuer', 'issuers'],
  ['tokenEndpoint', 'issuers'],
  ['clientSecret', 'clientSecretFile', 'keyFile', 'assertionFile', 'identity'],
];

/**
 * The settings that cannot be set together with this one. `input` is the setting from which the grant has its token: it
 * can be combined with credentials of the client.
 */
export function exclusiveWith(name: SettingName, input?: GrantInputName): readonly SettingName[] {
  if (name === input) return [];
  const settings = new Set(exclusiveSettings.filter((each) => each.includes(name)).flat());
  return [...settings].filter((each) => each !== name && each !== input);
}

/** The setting from which the grant has its token, among those that are set. */
export function grantInputAmong(
  grant: string | undefined,
  isSet: (name: SettingName) => boolean,
): GrantInputName | undefined {
  return grant === undefined ? undefined : grantInputsOf(grant).find(isSet);
}

/** The sources of settings, for the help. */
export const sourcesText = `Settings come from these sources. An earlier source overrides a later one:
  1. flags
  2. --env <path>: a file that sets the variables below, in lines NAME=value
  3. --profile <name>: a JSON object in profiles.json (mode 0600); its members
     are the flags in camel case: clientId for --client-id. The file is in the
     folder m2m-tokens of $XDG_CONFIG_HOME, %APPDATA% (Windows) or ~/.config
  4. environment variables:`;
