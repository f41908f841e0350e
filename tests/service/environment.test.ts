import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';

import { describe, expect, test } from '@jest/globals';

import { clientSecretPost } from '../../src/authentication/client-secret.js';
import { ConfigurationError } from '../../src/core/errors.js';
import { tokenExchange } from '../../src/grant/token-exchange.js';
import { tokenServiceFromEnvironment } from '../../src/service/environment.js';
import type { TokenServiceOptions } from '../../src/service/options.js';
import { startAuthorizationServer } from '../support/authorization-server.js';
import { type RecordedRequest, startHttpServer } from '../support/http-server.js';
import { unsignedJwt } from '../support/identity-tokens.js';
import { temporaryFolder } from '../support/temporary-folder.js';

/** Id and secret of a token request. */
function credentialsOf(grant: RecordedRequest | undefined): string {
  const { headers, body } = grant as RecordedRequest;
  const [, basic] = headers.authorization?.split(' ') ?? [];
  const form = new URLSearchParams(body);
  return basic === undefined
    ? `${form.get('client_id')}:${form.get('client_secret')}`
    : Buffer.from(basic, 'base64').toString();
}

/** A complete environment for a server. */
const complete = (tokenEndpoint: string) => ({
  OAUTH_TOKEN_ENDPOINT: tokenEndpoint,
  OAUTH_CLIENT_ID: 'orders',
  OAUTH_CLIENT_SECRET: 's3cret',
});

test('asks for a token with what the environment says', async () => {
  const server = await startAuthorizationServer();
  const tokens = tokenServiceFromEnvironment(
    {},
    {
      ...complete(server.tokenEndpoint),
      OAUTH_SCOPE: ' orders:read  orders:write ',
      OAUTH_AUDIENCE: 'api billing',
      OAUTH_RESOURCE: 'https://a.example/ https://b.example/',
      UNRELATED: 'x',
    },
  );

  await tokens.getToken();

  expect(credentialsOf(server.grants[0])).toBe('orders:s3cret');
  const body = new URLSearchParams(server.grants[0]?.body);
  expect(body.getAll('scope')).toEqual(['orders:read orders:write']);
  expect(body.getAll('audience')).toEqual(['api', 'billing']);
  expect(body.getAll('resource')).toEqual(['https://a.example/', 'https://b.example/']);
});

test('discovers an issuer', async () => {
  const server = await startAuthorizationServer({ metadata: {} });
  const { OAUTH_TOKEN_ENDPOINT: _none, ...rest } = complete('');
  const tokens = tokenServiceFromEnvironment({}, { ...rest, OAUTH_ISSUER: server.origin });

  await tokens.ready();

  expect(server.requests.map(({ path }) => path)).toEqual(['/.well-known/oauth-authorization-server', '/token']);
});

test('reads the revocation endpoint of a token endpoint', async () => {
  const revocation = await startHttpServer(() => ({}));
  const server = await startAuthorizationServer();
  const variables = { OAUTH_REVOCATION_ENDPOINT: `${revocation.origin}/revoke` };
  const tokens = tokenServiceFromEnvironment({}, { ...complete(server.tokenEndpoint), ...variables });
  await tokens.ready();

  expect(await tokens.revoke()).toBe(true);
  expect(revocation.requests.map(({ path }) => path)).toEqual(['/revoke']);
});

test('reads the metadata of a protected resource', async () => {
  const server = await startAuthorizationServer({ metadata: {} });
  const api = await startHttpServer(({ path }) =>
    path === '/.well-known/oauth-protected-resource/mcp'
      ? { body: { resource: `${api.origin}/mcp`, authorization_servers: [server.origin] } }
      : { status: 404 },
  );
  const { OAUTH_TOKEN_ENDPOINT: _none, ...rest } = complete('');
  const environment = {
    ...rest,
    OAUTH_PROTECTED_RESOURCE: `${api.origin}/mcp`,
    OAUTH_ISSUERS: `https://other.example  ${server.origin}`,
  };

  await tokenServiceFromEnvironment({}, environment).ready();

  expect(new URLSearchParams(server.grants[0]?.body).get('resource')).toBe(`${api.origin}/mcp`);
});

test.each([
  [{ OAUTH_ISSUERS: undefined }, '"protectedResource" requires "issuers"'],
  [{ OAUTH_ISSUER: 'https://auth.example' }, 'OAUTH_ISSUER and OAUTH_PROTECTED_RESOURCE only one may be set'],
  [{ OAUTH_ISSUERS: 'http://auth.example' }, '"issuers" must be an https URL'],
  [
    { OAUTH_PROTECTED_RESOURCE: undefined, OAUTH_ISSUER: 'https://auth.example' },
    '"issuers" requires "protectedResource"',
  ],
])('refuses %p beside a protected resource [F5]', (variables, message) => {
  const { OAUTH_TOKEN_ENDPOINT: _none, ...rest } = complete('');
  const given = { OAUTH_PROTECTED_RESOURCE: 'https://api.example/mcp', OAUTH_ISSUERS: 'https://auth.example' };
  const make = () => tokenServiceFromEnvironment({}, { ...rest, ...given, ...variables });

  expect(make).toThrow(ConfigurationError);
  expect(make).toThrow(message);
});

test('an option replaces the variable of the server, and its list', () => {
  const environment = { ...complete(''), OAUTH_ISSUERS: 'https://auth.example', OAUTH_PROTECTED_RESOURCE: 'bad' };

  expect(() => tokenServiceFromEnvironment({ issuer: 'https://auth.example' }, environment)).not.toThrow();
});

test('reads the file of the secret for each grant [F1]', async () => {
  const directory = await temporaryFolder();
  const path = join(directory, 'secret');
  await writeFile(path, 'before\n');
  const server = await startAuthorizationServer();
  const { OAUTH_CLIENT_SECRET: _none, ...rest } = complete(server.tokenEndpoint);
  const tokens = tokenServiceFromEnvironment({}, { ...rest, OAUTH_CLIENT_SECRET_FILE: path });

  await tokens.getToken({ scope: 'a' });
  await writeFile(path, 'after\n');
  await tokens.getToken({ scope: 'b' });

  expect(server.grants.map(credentialsOf)).toEqual(['orders:before', 'orders:after']);
});

const credentials = 'OAUTH_CLIENT_SECRET, OAUTH_CLIENT_SECRET_FILE, OAUTH_ASSERTION_FILE or OAUTH_IDENTITY';

describe('what is missing is named at once [F5]', () => {
  const all = { ...complete('https://auth.example/token') };

  test.each([
    ['OAUTH_ISSUER, OAUTH_TOKEN_ENDPOINT or OAUTH_PROTECTED_RESOURCE', { ...all, OAUTH_TOKEN_ENDPOINT: undefined }],
    [
      'OAUTH_ISSUER, OAUTH_TOKEN_ENDPOINT or OAUTH_PROTECTED_RESOURCE',
      { ...all, OAUTH_TOKEN_ENDPOINT: '', OAUTH_ISSUER: '' },
    ],
    ['OAUTH_CLIENT_ID', { ...all, OAUTH_CLIENT_ID: undefined }],
    ['OAUTH_CLIENT_ID', { ...all, OAUTH_CLIENT_ID: '' }],
    [credentials, { ...all, OAUTH_CLIENT_SECRET: undefined }],
    [credentials, { ...all, OAUTH_CLIENT_SECRET: '' }],
  ])('F5: %s', (names, environment) => {
    const make = () => tokenServiceFromEnvironment({}, environment);

    expect(make).toThrow(ConfigurationError);
    expect(make).toThrow(`the environment variable ${names} is missing`);
  });

  test.each([
    ['OAUTH_ISSUER and OAUTH_TOKEN_ENDPOINT', { ...all, OAUTH_ISSUER: 'https://auth.example' }],
    ['OAUTH_CLIENT_SECRET and OAUTH_CLIENT_SECRET_FILE', { ...all, OAUTH_CLIENT_SECRET_FILE: '/run/secrets/client' }],
  ])('so is a contradiction: %s [F5]', (names, environment) => {
    const make = () => tokenServiceFromEnvironment({}, environment);

    expect(make).toThrow(ConfigurationError);
    expect(make).toThrow(`of the environment variables ${names} only one may be set`);
    expect(make).not.toThrow('s3cret');
  });

  test.each([
    ['OAUTH_TOKEN_ENDPOINT', 'http://auth.example/token'],
    ['OAUTH_ISSUER', 'auth.example'],
    ['OAUTH_RESOURCE', '/orders'],
    ['OAUTH_SCOPE', 'a"b'],
  ])('a malformed %s is refused [F5]', (name, value) => {
    const { OAUTH_TOKEN_ENDPOINT: endpoint, ...rest } = all;
    const place = name.startsWith('OAUTH_ISSUER') ? {} : { OAUTH_TOKEN_ENDPOINT: endpoint };

    expect(() => tokenServiceFromEnvironment({}, { ...rest, ...place, [name]: value })).toThrow(ConfigurationError);
  });

  test('the environment of the process is the default [F5]', () => {
    const make = () => tokenServiceFromEnvironment();

    expect(make).toThrow(
      'the environment variable OAUTH_ISSUER, OAUTH_TOKEN_ENDPOINT or OAUTH_PROTECTED_RESOURCE is missing',
    );
  });
});

describe('options win over the environment', () => {
  const elsewhere = {
    OAUTH_ISSUER: 'https://unreachable.invalid',
    OAUTH_CLIENT_ID: 'environment',
    OAUTH_CLIENT_SECRET: 'environment',
    OAUTH_SCOPE: 'environment',
    OAUTH_AUDIENCE: 'environment',
    OAUTH_RESOURCE: 'urn:environment:x',
  };

  test('each over its variable', async () => {
    const server = await startAuthorizationServer();
    const tokens = tokenServiceFromEnvironment(
      {
        tokenEndpoint: server.tokenEndpoint,
        clientId: 'option',
        clientSecret: 'option',
        scope: 'option',
        audience: [],
        resource: 'urn:option:x',
      },
      elsewhere,
    );

    await tokens.getToken();

    expect(credentialsOf(server.grants[0])).toBe('option:option');
    expect(Object.fromEntries(new URLSearchParams(server.grants[0]?.body))).toEqual({
      grant_type: 'client_credentials',
      scope: 'option',
      resource: 'urn:option:x',
    });
  });

  test('another client authentication over the variables of the secret, contradicting ones too', async () => {
    const server = await startAuthorizationServer();
    const tokens = tokenServiceFromEnvironment(
      { tokenEndpoint: server.tokenEndpoint, clientAuthentication: clientSecretPost('option') },
      { ...elsewhere, OAUTH_CLIENT_SECRET_FILE: '/nowhere' },
    );

    await tokens.getToken();

    expect(credentialsOf(server.grants[0])).toBe('environment:option');
  });

  test('one that is undefined leaves the variable', async () => {
    const server = await startAuthorizationServer();
    const tokens = tokenServiceFromEnvironment(
      {
        issuer: undefined,
        tokenEndpoint: undefined,
        clientSecret: undefined,
        clientAuthentication: undefined,
        scope: undefined,
      },
      { ...complete(server.tokenEndpoint), OAUTH_SCOPE: 'environment' },
    );

    await tokens.getToken();

    expect(credentialsOf(server.grants[0])).toBe('orders:s3cret');
    expect(new URLSearchParams(server.grants[0]?.body).get('scope')).toBe('environment');
  });

  test('and a misspelt one is refused [F10]', () => {
    const make = () =>
      tokenServiceFromEnvironment({ scopes: 'a' } as Partial<TokenServiceOptions>, complete('https://auth.example/t'));

    expect(make).toThrow(ConfigurationError);
    expect(make).toThrow('did you mean "scope"?');
  });
});

describe('the grant and the identity', () => {
  const audience = 'https://auth.example';
  const jwt = unsignedJwt({ iss: 'https://cluster', sub: 'orders', aud: audience });

  async function granted(variables: Record<string, string | undefined>, options: Partial<TokenServiceOptions> = {}) {
    const server = await startAuthorizationServer();
    const { OAUTH_CLIENT_SECRET: _none, ...rest } = complete(server.tokenEndpoint);
    const path = join(await temporaryFolder(), 'token');
    await writeFile(path, jwt);
    const paths = Object.entries(variables).map(([name, value]) => [name, value?.replace('<path>', path)]);
    const environment = { ...rest, ...Object.fromEntries(paths) };
    await tokenServiceFromEnvironment(options, environment).getToken();
    return Object.fromEntries(new URLSearchParams(server.grants[0]?.body));
  }

  const jwtBearer = { grant_type: 'urn:ietf:params:oauth:grant-type:jwt-bearer', assertion: jwt };
  const kubernetes = {
    OAUTH_IDENTITY: 'kubernetes',
    OAUTH_IDENTITY_PATH: '<path>',
    OAUTH_IDENTITY_AUDIENCE: audience,
  };

  test.each<[string, Record<string, string | undefined>, object]>([
    ['an assertion from a file', { OAUTH_ASSERTION_FILE: '<path>', OAUTH_CLIENT_ID: undefined }, jwtBearer],
    ['the assertion of an identity, with a secret', { ...kubernetes, OAUTH_CLIENT_SECRET: 's' }, jwtBearer],
  ])('jwt_bearer sends %s', async (_, variables, sent) => {
    expect(await granted({ OAUTH_GRANT: 'jwt_bearer', ...variables })).toEqual(sent);
  });

  test('token_exchange sends the subject and actor token, and an unused identity as the client assertion', async () => {
    const exchange = {
      OAUTH_GRANT: 'token_exchange',
      OAUTH_SUBJECT_TOKEN_FILE: '<path>',
      OAUTH_SUBJECT_TOKEN_TYPE: 'jwt',
      OAUTH_ACTOR_TOKEN_FILE: '<path>',
      OAUTH_ACTOR_TOKEN_TYPE: 'access_token',
      OAUTH_REQUESTED_TOKEN_TYPE: 'access_token',
    };

    expect(await granted({ ...exchange, ...kubernetes })).toEqual({
      grant_type: 'urn:ietf:params:oauth:grant-type:token-exchange',
      subject_token: jwt,
      subject_token_type: 'urn:ietf:params:oauth:token-type:jwt',
      actor_token: jwt,
      actor_token_type: 'urn:ietf:params:oauth:token-type:access_token',
      requested_token_type: 'urn:ietf:params:oauth:token-type:access_token',
      client_id: 'orders',
      client_assertion: jwt,
      client_assertion_type: 'urn:ietf:params:oauth:client-assertion-type:jwt-bearer',
    });
  });

  test.each([[{ OAUTH_ASSERTION_FILE: '<path>' }], [kubernetes]])(
    'client_credentials sends %j as the client assertion',
    async (variables) => {
      expect(await granted(variables)).toMatchObject({ grant_type: 'client_credentials', client_assertion: jwt });
    },
  );

  test('the option "grant" wins over the variables', async () => {
    const grant = tokenExchange({ subjectToken: () => jwt, subjectTokenType: 'jwt' });

    expect(await granted({ OAUTH_GRANT: 'jwt_bearer' }, { grant })).toMatchObject({ subject_token: jwt });
  });

  test.each<[Record<string, string>, string]>([
    [{ OAUTH_GRANT: 'password' }, 'the grant "password" is unknown: set OAUTH_GRANT to one of client_credentials'],
    [{ OAUTH_GRANT: 'token_exchange', ...kubernetes }, 'OAUTH_SUBJECT_TOKEN_TYPE is missing'],
    [{ OAUTH_IDENTITY: 'toString' }, 'the identity "toString" is unknown: set OAUTH_IDENTITY to one of kubernetes'],
    [{ OAUTH_IDENTITY: 'azure' }, 'the identity "azure" needs OAUTH_IDENTITY_RESOURCE'],
    [{ ...kubernetes, OAUTH_IDENTITY_URL: 'https://a' }, 'the identity "kubernetes" has no OAUTH_IDENTITY_URL'],
    [{ ...kubernetes, OAUTH_CLIENT_SECRET: 's' }, 'OAUTH_CLIENT_SECRET and OAUTH_IDENTITY only one may be set'],
  ])('refuses %j', async (variables, message) => {
    await expect(granted(variables)).rejects.toThrow(message);
  });
});
