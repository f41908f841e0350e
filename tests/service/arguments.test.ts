import { expect, test } from '@jest/globals';

import { bearerToken } from '../../src/adapters/axios/index.js';
import { withBearerToken } from '../../src/adapters/fetch/index.js';
import { bearerTokenInterceptor } from '../../src/adapters/undici/index.js';
import * as identityEntry from '../../src/identity/index.js';
import * as main from '../../src/index.js';
import * as layers from '../../src/layers/index.js';
import { redisStore } from '../../src/stores/redis.js';
import { observeTokens } from '../../src/telemetry/opentelemetry/index.js';
import { clientCertificates } from '../support/client-certificates.js';
import { signingKey } from '../support/signing-keys.js';

/** Values that an unset variable, a missing `await` or a mixed-up argument leaves behind. */
const values = {
  undefined: () => undefined,
  null: () => null,
  'an empty text': () => '',
  'a text': () => 's3cret-text',
  'a number': () => 5,
  'a boolean': () => true,
  'a list': () => ['s3cret-text'],
  'an empty list': () => [],
  'an object': () => ({}),
  'a Map': () => new Map([['key', 's3cret-text']]),
  'a promise': () => Promise.resolve('s3cret-text'),
  'a function': () => () => 's3cret-text',
};
type Kind = keyof typeof values;

/** A call with one argument or option that is given; the kinds of values that it takes. */
type Row = [argument: string, call: (value: never) => unknown, accepted: readonly Kind[]];

// githubActionsToken and gitlabIdToken need them.
process.env['ACTIONS_ID_TOKEN_REQUEST_URL'] = 'https://pipelines.example/token';
process.env['ACTIONS_ID_TOKEN_REQUEST_TOKEN'] = 'a';
process.env['s3cret-text'] = 'a';

class Command {
  readonly input = {};
}
const sts = { client: { send: async () => ({}) }, command: Command, audience: 'a' };
const { pem } = await signingKey();
const { first } = clientCertificates;
const anySigner: main.Signer = { algorithm: 'ES256', keyId: 'a', sign: async () => new Uint8Array(64) };
const acceptedBySigner = {
  algorithm: [],
  keyId: ['a text'],
  publicKey: ['undefined'],
  timeoutMs: ['undefined', 'a number'],
  sign: ['a function'],
} as const;
const store = main.memoryStore();
const tokens = main.staticToken('key');
const clientAuthentication = main.clientSecretBasic('secret');
const service = { tokenEndpoint: 'https://auth.example.com/token', clientId: 'orders' };
const optionsOf = () => ({ ...service, clientSecret: 'a' });
const environment = { OAUTH_ISSUER: 'https://auth.example.com', OAUTH_CLIENT_ID: 'a', OAUTH_CLIENT_SECRET: 'b' };
const options = ['undefined', 'an object'] as const;
const secret = ['a text', 'a function'] as const;
const fields = { value: 'token', issuedAt: 0, expiresAt: 1 };

/** All functions that a user calls, and their arguments. An argument in quotes is an option. */
const rows: Readonly<Record<string, readonly Row[]>> = {
  AccessToken: [
    ['fields', (value) => new main.AccessToken(value), []],
    ['value', (value) => new main.AccessToken({ ...fields, value }), ['a text', 'an empty text']],
    ['issuedAt', (issuedAt) => new main.AccessToken({ ...fields, issuedAt }), ['a number']],
    ['expiresAt', (expiresAt) => new main.AccessToken({ ...fields, expiresAt }), ['a number']],
  ],
  awsWebIdentityToken: [
    ['options', (value) => identityEntry.awsWebIdentityToken(value), []],
    ['client', (client) => identityEntry.awsWebIdentityToken({ ...sts, client }), []],
    ['command', (command) => identityEntry.awsWebIdentityToken({ ...sts, command }), ['a function']],
    ['audience', (audience) => identityEntry.awsWebIdentityToken({ ...sts, audience }), ['a text']],
  ],
  azureManagedIdentity: [
    ['options', (value) => identityEntry.azureManagedIdentity(value), []],
    ['resource', (resource) => identityEntry.azureManagedIdentity({ resource }), ['a text']],
    [
      'clientId',
      (clientId) => identityEntry.azureManagedIdentity({ resource: 'a', clientId }),
      ['undefined', 'a text'],
    ],
    ['clock', (clock) => identityEntry.azureManagedIdentity({ resource: 'a', clock }), ['undefined']],
  ],
  executable: [
    ['options', (value) => identityEntry.executable(value), []],
    ['command', (command) => identityEntry.executable({ command }), []],
    ['environment', (value) => identityEntry.executable({ command: ['/bin/a'], environment: value }), options],
    [
      'timeoutMs',
      (timeoutMs) => identityEntry.executable({ command: ['/bin/a'], timeoutMs }),
      ['undefined', 'a number'],
    ],
  ],
  gcpIdentityToken: [
    ['options', (value) => identityEntry.gcpIdentityToken(value), []],
    ['audience', (audience) => identityEntry.gcpIdentityToken({ audience }), ['a text']],
    [
      'serviceAccount',
      (value) => identityEntry.gcpIdentityToken({ audience: 'a', serviceAccount: value }),
      ['undefined', 'a text'],
    ],
  ],
  githubActionsToken: [
    ['options', (value) => identityEntry.githubActionsToken(value), options],
    ['audience', (audience) => identityEntry.githubActionsToken({ audience }), ['undefined', 'a text']],
    ['fetch', (fetch) => identityEntry.githubActionsToken({ fetch }), ['undefined', 'a function']],
  ],
  gitlabIdToken: [
    ['options', (value) => identityEntry.gitlabIdToken(value), []],
    ['variable', (variable) => identityEntry.gitlabIdToken({ variable }), ['a text']],
  ],
  kubernetesServiceAccount: [
    ['options', (value) => identityEntry.kubernetesServiceAccount(value), options],
    ['path', (path) => identityEntry.kubernetesServiceAccount({ path }), ['undefined', 'a text']],
    ['audience', (audience) => identityEntry.kubernetesServiceAccount({ audience }), ['undefined', 'a text']],
    ['clock', (clock) => identityEntry.kubernetesServiceAccount({ clock }), ['undefined']],
  ],
  spiffeJwtSvid: [
    ['options', (value) => identityEntry.spiffeJwtSvid(value), []],
    ['path', (path) => identityEntry.spiffeJwtSvid({ path }), ['a text']],
  ],
  url: [
    ['options', (value) => identityEntry.url(value), []],
    // A text must be an absolute URL.
    ['url', (url) => identityEntry.url({ url }), []],
    ['headers', (headers) => identityEntry.url({ url: 'https://a.example', headers }), options],
    ['format', (format) => identityEntry.url({ url: 'https://a.example', format }), ['undefined']],
    ['fetch', (fetch) => identityEntry.url({ url: 'https://a.example', fetch }), ['undefined', 'a function']],
  ],
  clientCredentials: [
    ['options', (value) => layers.clientCredentials(value), []],
    ['clientId', (clientId) => layers.clientCredentials({ ...service, clientAuthentication, clientId }), ['a text']],
    ['clientAuthentication', (value) => layers.clientCredentials({ ...service, clientAuthentication: value }), []],
    ['issuer', (issuer) => layers.clientCredentials({ clientId: 'a', clientAuthentication, issuer }), ['a text']],
    [
      'fetch',
      (fetch) => layers.clientCredentials({ ...service, clientAuthentication, fetch }),
      ['undefined', 'a function'],
    ],
    ['clock', (clock) => layers.clientCredentials({ ...service, clientAuthentication, clock }), ['undefined']],
  ],
  clientSecretBasic: [
    ['secret', (value) => main.clientSecretBasic(value), secret],
    ['options', (value) => main.clientSecretBasic('secret', value), options],
    ['encoding', (encoding) => main.clientSecretBasic('secret', { encoding }), ['undefined']],
  ],
  clientSecretJwt: [
    ['secret', (value) => main.clientSecretJwt(value), secret],
    ['options', (value) => main.clientSecretJwt('secret', value), options],
  ],
  clientSecretPost: [['secret', (value) => main.clientSecretPost(value), secret]],
  compose: [
    ['source', (value) => layers.compose(value), []],
    ['layers', (value) => layers.compose(tokens, value ?? 0), ['a function']],
  ],
  createTokenServices: [
    ['optionsOf', (value) => main.createTokenServices(value), ['a function']],
    ['options', (value) => main.createTokenServices(optionsOf, value), options],
    ['max', (max) => main.createTokenServices(optionsOf, { max }), ['undefined', 'a number']],
    ['timeoutMs', (timeoutMs) => main.createTokenServices(optionsOf, { timeoutMs }), ['undefined', 'a number']],
    ['logger', (logger) => main.createTokenServices(optionsOf, { logger }), ['undefined']],
    ['onEvent', (onEvent) => main.createTokenServices(optionsOf, { onEvent }), ['undefined', 'a function']],
    ['name', (name) => main.createTokenServices(optionsOf, { name }), ['undefined', 'a text']],
  ],
  createTokenService: [
    ['options', (value) => main.createTokenService(value), []],
    ['clientSecret', (clientSecret) => main.createTokenService({ ...service, clientSecret }), secret],
    ['clientAuthentication', (value) => main.createTokenService({ ...service, clientAuthentication: value }), []],
    ['store', (value) => main.createTokenService({ ...service, clientSecret: 'a', store: value }), ['undefined']],
    ['dpop', (dpop) => main.createTokenService({ ...service, clientSecret: 'a', dpop }), ['undefined']],
    ['logger', (logger) => main.createTokenService({ ...service, clientSecret: 'a', logger }), ['undefined']],
    ...(['cache', 'refresh', 'retry'] as const).map((name): Row => [
      name,
      (value) => main.createTokenService({ ...service, clientSecret: 'a', [name]: value }),
      options,
    ]),
  ],
  dangerouslyAllowHttp: [['url', (value) => main.dangerouslyAllowHttp(value), []]],
  dpop: [
    ['options', (value) => main.dpop(value), options],
    ['keyPair', (keyPair) => main.dpop({ keyPair }), ['undefined']],
    ['signer', (signer) => main.dpop({ signer }), ['undefined']],
    ['keyPair', (privateKey) => main.dpop({ keyPair: { privateKey, publicKey: privateKey } }), []],
    ['keyPair', (usages) => main.dpop({ keyPair: { privateKey: { type: 'private', usages } as never } as never }), []],
  ],
  encryptedStore: [
    ['store', (value) => main.encryptedStore(value, { keys: [Buffer.alloc(32)] }), []],
    ['options', (value) => main.encryptedStore(store, value), []],
    ['keys', (keys) => main.encryptedStore(store, { keys }), []],
    ['keys', (key) => main.encryptedStore(store, { keys: [key] }), []],
    ['keys', (key) => main.encryptedStore(store, { keys: [Buffer.alloc(32), key] }), []],
  ],
  federatedAssertion: [
    ['source', (value) => main.federatedAssertion(value), secret],
    ['options', (value) => main.federatedAssertion(() => 'a', value), options],
  ],
  fromFile: [['path', (value) => main.fromFile(value), ['a text']]],
  isTokenError: [['error', (value) => main.isTokenError(value), Object.keys(values) as Kind[]]],
  logEvents: [
    ['logger', (value) => main.logEvents(value), []],
    ['options', (value) => main.logEvents(console, value), options],
    ['clock', (clock) => main.logEvents(console, { clock }), ['undefined']],
  ],
  memoryStore: [
    ['options', (value) => main.memoryStore(value), options],
    ['clock', (clock) => main.memoryStore({ clock }), ['undefined']],
  ],
  mutualTls: [
    ['options', (value) => main.mutualTls(value), []],
    // A text is parsed, and is no certificate.
    ['certificate', (certificate) => main.mutualTls({ certificate, key: first.key }), ['a function']],
    ['key', (key) => main.mutualTls({ certificate: first.certificate, key }), ['a function']],
  ],
  privateKeyJwt: [
    ['options', (value) => main.privateKeyJwt(value), []],
    ['key', (key) => main.privateKeyJwt({ key }), ['a function']],
    ['keyId', (keyId) => main.privateKeyJwt({ key: pem, keyId }), ['undefined', 'a text']],
    ['signer', (value) => main.privateKeyJwt({ signer: value }), []],
    ...(['algorithm', 'keyId', 'publicKey', 'timeoutMs', 'sign'] as const).map((name): Row => [
      name,
      (value) => main.privateKeyJwt({ signer: { ...anySigner, [name]: value } }),
      acceptedBySigner[name],
    ]),
    ['certificate', (certificate) => main.privateKeyJwt({ key: pem, certificate }), ['undefined', 'a function']],
    [
      'certificateHeader',
      (certificateHeader) => main.privateKeyJwt({ key: first.key, certificate: first.certificate, certificateHeader }),
      ['undefined'],
    ],
  ],
  sharedTokens: [
    ['options', (value) => layers.sharedTokens(value), []],
    ['store', (value) => layers.sharedTokens({ store: value, identity: ['a'] }), []],
    ['identity', (identity) => layers.sharedTokens({ store, identity }), ['a list', 'an empty list']],
  ],
  staticToken: [
    ['value', (value) => main.staticToken(value), ['a text']],
    ['options', (value) => main.staticToken('key', value), options],
    ['type', (type) => main.staticToken('key', { type }), ['undefined']],
    ['signer', (value) => main.staticToken('key', { type: 'DPoP', signer: value }), []],
  ],
  jwtBearer: [
    ['options', (value) => main.jwtBearer(value), options],
    ['assertion', (assertion) => main.jwtBearer({ assertion }), ['undefined', 'a function']],
    ['bodyFormat', (bodyFormat) => main.jwtBearer({ bodyFormat }), ['undefined']],
  ],
  tokenExchange: [
    ['options', (value) => main.tokenExchange(value), []],
    ['subjectTokenType', (subjectTokenType) => main.tokenExchange({ subjectTokenType }), ['a text']],
    [
      'subjectToken',
      (subjectToken) => main.tokenExchange({ subjectTokenType: 'jwt', subjectToken }),
      ['undefined', 'a function'],
    ],
  ],
  tokenCache: [
    ['options', (value) => layers.tokenCache(value), options],
    ['maxTokens', (maxTokens) => layers.tokenCache({ maxTokens }), ['undefined', 'a number']],
    ['refresh', (refresh) => layers.tokenCache({ refresh }), options],
    ['clock', (clock) => layers.tokenCache({ clock }), ['undefined']],
    ['onEvent', (onEvent) => layers.tokenCache({ onEvent }), ['undefined', 'a function']],
  ],
  tokenServiceFromEnvironment: [
    ['options', (value) => main.tokenServiceFromEnvironment(value, environment), options],
    // Without its argument it reads the variables of the process.
    ['environment', (value) => main.tokenServiceFromEnvironment({}, value), []],
  ],
  withCache: [['cache', (value) => layers.withCache(value), []]],
  withDefaultRequest: [['request', (value) => layers.withDefaultRequest(value), options]],
  withFastPath: [['cache', (value) => layers.withFastPath(value), []]],
  withNegativeCache: [
    ['options', (value) => layers.withNegativeCache(value), options],
    ['credentials', (credentials) => layers.withNegativeCache({ credentials }), ['undefined']],
    ['maxBackoffMs', (maxBackoffMs) => layers.withNegativeCache({ maxBackoffMs }), ['undefined', 'a number']],
  ],
  withRateLimit: [
    ['options', (value) => layers.withRateLimit(value), options],
    ['maxConcurrentGrants', (max) => layers.withRateLimit({ maxConcurrentGrants: max }), ['undefined', 'a number']],
  ],
  withRetry: [
    ['options', (value) => layers.withRetry(value), options],
    ['retries', (retries) => layers.withRetry({ retries }), ['undefined', 'a number']],
    ['random', (random) => layers.withRetry({ random }), ['undefined', 'a function']],
  ],
  withSharedStore: [
    ['shared', (value) => layers.withSharedStore(value), []],
    ['options', (value) => layers.withSharedStore(layers.sharedTokens({ store, identity: [] }), value), options],
  ],
  observeTokens: [
    ['tokens', (value) => observeTokens(value), []],
    ['options', (value) => observeTokens(main.createTokenService({ ...service, clientSecret: 'a' }), value), options],
    ...(['meterProvider', 'tracerProvider'] as const).map((name): Row => [
      name,
      (value) => observeTokens(main.createTokenService({ ...service, clientSecret: 'a' }), { [name]: value }),
      ['undefined'],
    ]),
  ],
  redisStore: [['client', (value) => redisStore(value), []]],
  bearerToken: [
    ['tokens', (value) => bearerToken(value), []],
    ['options', (value) => bearerToken(tokens, value), options],
  ],
  withBearerToken: [
    ['tokens', (value) => withBearerToken(fetch, value, { origins: [] }), []],
    ['options', (value) => withBearerToken(fetch, tokens, value), []],
  ],
  bearerTokenInterceptor: [
    ['tokens', (value) => bearerTokenInterceptor(value, { origins: [] }), []],
    ['options', (value) => bearerTokenInterceptor(tokens, value), []],
  ],
};

test('the table names all functions of the main entry, of the layers and of the identity tokens', () => {
  const functions = Object.entries({ ...main, ...layers, ...identityEntry }).filter(
    ([name, value]) => typeof value === 'function' && !name.endsWith('Error'),
  );

  expect(Object.keys(rows)).toEqual(expect.arrayContaining(functions.map(([name]) => name)));
});

const cases = (isAccepted: boolean) =>
  Object.entries(rows).flatMap(([name, itsRows]) =>
    itsRows.flatMap(([argument, call, accepted]) =>
      (Object.keys(values) as Kind[])
        .filter((kind) => accepted.includes(kind) === isAccepted)
        .map((kind) => ({ name, argument, kind, run: () => call(values[kind]() as never) })),
    ),
  );

test.each(cases(true))('$name takes $kind as $argument [F17]', ({ run }) => {
  expect(run).not.toThrow();
});

test.each(cases(false))('$name refuses $kind as $argument, and names it [F17]', ({ name, argument, run }) => {
  // For the options as a whole, the name of the function is enough.
  const named = argument === 'options' ? `${name}|"options"` : argument;

  expect(run).toThrow(main.ConfigurationError);
  expect(run).toThrow(new RegExp(named));
  expect(run).not.toThrow('s3cret-text');
});
