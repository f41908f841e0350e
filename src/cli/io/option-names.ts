import { settingDefinitions, settingNames } from '../settings/definitions.js';

/** Replaces the option names in a message of the library by the flags of the command. */
export function withFlags(message: string): string {
  const text = phrases.reduce((rest, [pattern, replacement]) => rest.replace(pattern, replacement), message);
  return text.replace(/"([a-z]+(?:[A-Z][a-z]+)*)"/g, (quoted, name: string) => flags.get(name) ?? quoted);
}

const flags: ReadonlyMap<string, string | undefined> = new Map([
  ...settingNames.map((name) => [name, settingDefinitions[name].flag?.split(' ')[0]] as const),
  ['clientSecret', '--client-secret-file'],
  ['clientAuthentication', '--auth-method'],
  ['algorithm', '--signing-algorithm'],
  ['parameters', '--parameter'],
]);

/** Phrases of the library that advise a change of code, and the equivalent advice for the command line. */
const phrases: readonly (readonly [pattern: RegExp, replacement: string])[] = [
  [/set "requireBinding: false" in dpop\(\)/, 'leave --dpop out'],
  [/"audience" of (privateKeyJwt|clientSecretJwt)/g, '--assertion-audience'],
  [
    /clientSecretBasic\(secret, \{ encoding \}\) with "form" or "raw", or clientSecretPost\(secret\)/,
    '--auth-method client_secret_basic:form, client_secret_basic:raw or client_secret_post',
  ],
  [/"parameters: \{ (\w+) \}"/g, '--parameter $1=VALUE'],
  [/"parameters\.(\w+)"/g, '--parameter $1'],
  [/set NODE_EXTRA_CA_CERTS or the option "fetch"/, 'set NODE_EXTRA_CA_CERTS to its certificate'],
  [/give them to the "fetch" that this service uses/, 'write user and password into the proxy URL of HTTPS_PROXY'],
  [/; otherwise give a "fetch" that uses the proxy/, ''],
  // The colon separates the message from the advice.
  [
    /; if its tokens are Bearer tokens, set "assumeBearer: true"/,
    ': if its tokens are Bearer tokens, set --assume-bearer',
  ],
  [
    /give it decrypted, or a function that returns createPrivateKey\(\{ key, passphrase \}\)/,
    'decrypt it: openssl pkey -in ENCRYPTED -out DECRYPTED',
  ],
  [
    /set tokenEndpoint: dangerouslyAllowHttp\('((http:\/\/[^'/]+)[^']*)'\) instead of "issuer"/,
    'set --token-endpoint $1 and --dangerously-allow-http $2 instead of "issuer"',
  ],
  [/set \w+: dangerouslyAllowHttp\('(http:\/\/[^'/]+)[^']*'\)/, 'set --dangerously-allow-http $1'],
  [/dangerouslyAllowHttp/g, '--dangerously-allow-http'],
  [/it has an option of its own or is set by the library/, 'it has a flag of its own or is set by the command'],
  [/check the file or function that it comes from/, 'check its source'],
];
