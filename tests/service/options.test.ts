import { describe, expect, test } from '@jest/globals';

import { ConfigurationError } from '../../src/core/errors.js';
import type { TokenServiceOptions } from '../../src/service/options.js';
import { createTokenService } from '../../src/service/token-service.js';
import { secret } from '../support/grant-outcome.js';

const right = { issuer: 'https://auth.example', clientId: 'orders', clientSecret: secret };
const make = (options: object) => () => createTokenService({ ...right, ...options });

test('nothing happens until a token is asked for', () => {
  expect(make({ issuer: 'https://unreachable.invalid' })).not.toThrow();
});

test.each([
  ['issuerUrl', 'issuer'],
  ['tokenEndPoint', 'tokenEndpoint'],
  ['token_endpoint', 'tokenEndpoint'],
  ['client_id', 'clientId'],
  ['clientID', 'clientId'],
  ['secretFile', 'clientSecret'],
  ['tokenUrl', 'tokenEndpoint'],
  ['client_secret', 'clientSecret'],
  ['scopes', 'scope'],
  ['timeout', 'timeoutMs'],
  ['onEvents', 'onEvent'],
  ['authentication', 'clientAuthentication'],
  ['defaultLifetime', 'defaultLifetimeSeconds'],
])('"%s" is unknown, and the nearest right name is "%s" [F10]', (name, nearest) => {
  expect(make({ [name]: 'x' })).toThrow(ConfigurationError);
  expect(make({ [name]: 'x' })).toThrow(`createTokenService has no option "${name}"; did you mean "${nearest}"?`);
});

test.each([
  ['cache', 'maxToken', 'maxTokens'],
  ['refresh', 'cap', 'capMs'],
  ['refresh', 'shares', 'share'],
])('"%s" has no option "%s", and the nearest right name is "%s" [F10]', (group, name, nearest) => {
  expect(make({ [group]: { [name]: 1 } })).toThrow(ConfigurationError);
  expect(make({ [group]: { [name]: 1 } })).toThrow(`no option "${name}"; did you mean "${nearest}"?`);
  expect(make({ [group]: { [name]: 1 } })).toThrow(`createTokenService's "${group}"`);
});

test.each<[string, object]>([
  ['issuer', { issuer: 5 }],
  ['issuer', { issuer: '' }],
  ['issuer', { issuer: new URL('https://auth.example') }],
  ['tokenEndpoint', { issuer: undefined, tokenEndpoint: ['https://auth.example/token'] }],
  ['clientId', { clientId: '' }],
  ['clientId', { clientId: 5 }],
  ['clientSecret', { clientSecret: '' }],
  ['clientSecret', { clientSecret: 5 }],
  ['clientSecret', { clientSecret: Promise.resolve(secret) }],
  ['clientAuthentication', { clientSecret: undefined, clientAuthentication: 'client_secret_basic' }],
  ['clientAuthentication', { clientSecret: undefined, clientAuthentication: () => {} }],
  ['clientAuthentication', { clientSecret: undefined, clientAuthentication: {} }],
  ['scope', { scope: 5 }],
  ['scope', { scope: ['a', 5] }],
  ['resource', { resource: {} }],
  ['audience', { audience: true }],
  ['parameters', { parameters: 'a=b' }],
  ['parameters', { parameters: ['a'] }],
  ['parameters.tenant', { parameters: { tenant: 5 } }],
  ['cache', { cache: 100 }],
  ['maxTokens', { cache: { maxTokens: 0 } }],
  ['maxTokens', { cache: { maxTokens: 1.5 } }],
  ['maxTokens', { cache: { maxTokens: Infinity } }],
  ['refresh', { refresh: true }],
  ['share', { refresh: { share: 0 } }],
  ['share', { refresh: { share: 0.6 } }],
  ['share', { refresh: { share: '0.2' } }],
  ['capMs', { refresh: { capMs: -1 } }],
  ['timeoutMs', { timeoutMs: 0 }],
  ['timeoutMs', { timeoutMs: '5000' }],
  ['timeoutMs', { timeoutMs: NaN }],
  ['timeoutMs', { timeoutMs: Infinity }],
  ['timeoutMs', { timeoutMs: 2 ** 31 }],
  ['defaultLifetimeSeconds', { defaultLifetimeSeconds: 0 }],
  ['logger', { logger: true }],
  ['logger', { logger: {} }],
  ['onEvent', { onEvent: {} }],
  ['fetch', { fetch: 'undici' }],
  ['clock', { clock: Date.now }],
  ['clock', { clock: {} }],
  ['store', { store: new Map() }],
  ['random', { random: 0.5 }],
])('a wrong type is refused, and "%s" named: %p [F10]', (name, options) => {
  expect(make(options)).toThrow(ConfigurationError);
  expect(make(options)).toThrow(`"${name}"`);
  expect(make(options)).toThrow(/must be/);
  expect(make(options)).not.toThrow(secret);
});

test.each([[undefined], [null], ['https://auth.example'], [[]]])('refuses %p in place of options [F10]', (options) => {
  expect(() => createTokenService(options as unknown as TokenServiceOptions)).toThrow(ConfigurationError);
});

test.each([
  [{ issuer: undefined }, 'needs "issuer", "tokenEndpoint" or "protectedResource"'],
  [
    { tokenEndpoint: 'https://auth.example/token' },
    'takes either "issuer", "tokenEndpoint" or "protectedResource", not "issuer" and "tokenEndpoint" together',
  ],
  [
    { protectedResource: 'https://api.example', issuers: ['https://auth.example'] },
    'takes either "issuer", "tokenEndpoint" or "protectedResource", not "issuer" and "protectedResource" together',
  ],
  [{ clientSecret: undefined }, 'needs "clientSecret" or "clientAuthentication"'],
  [
    { clientAuthentication: { prepare: () => {}, fingerprint: () => {} } },
    'takes either "clientSecret" or "clientAuthentication", not both',
  ],
  [{ clientId: undefined }, 'needs "clientId"'],
])('with %p createTokenService %s [F5 F10]', (options, message) => {
  expect(make(options)).toThrow(ConfigurationError);
  expect(make(options)).toThrow(`createTokenService ${message}`);
});

test.each(['clientId', 'clientSecret', 'issuer'])(
  '"%s" that is there but undefined or null, as of a missing environment variable, is said to be so [F5]',
  (name) => {
    expect(make({ [name]: undefined })).toThrow(new RegExp(`"${name}".*undefined`));
    expect(make({ [name]: null })).toThrow(new RegExp(`"${name}".*null`));
  },
);

test('what is not there at all is not said to be undefined [F5]', () => {
  expect(() => createTokenService({})).toThrow(/needs "issuer", "tokenEndpoint" or "protectedResource"$/);
});

describe('"protectedResource" and "issuers"', () => {
  const given = { issuer: undefined, protectedResource: 'https://api.example/mcp', issuers: ['https://auth.example'] };

  test('are accepted together', () => {
    expect(make(given)).not.toThrow();
  });

  test.each([
    [{ issuers: undefined }, '"protectedResource" requires "issuers"'],
    [{ issuers: [] }, '"protectedResource" requires "issuers"'],
    [{ protectedResource: undefined, issuer: 'https://auth.example' }, '"issuers" requires "protectedResource"'],
    [{ issuers: 'https://auth.example' }, '"issuers" of createTokenService must be a list'],
    [{ issuers: ['auth.example'] }, '"issuers" must be an absolute URL'],
    [{ issuers: ['https://auth.example\n'] }, '"issuers" ends with a line feed'],
    [{ issuers: ['https://user:password@auth.example'] }, '"issuers" must not hold credentials'],
    [{ protectedResource: 'api.example/mcp' }, '"protectedResource" must be an absolute URL'],
    [{ protectedResource: 'https://api.example/mcp#a' }, '"protectedResource" must be an absolute URL'],
    [{ protectedResource: '' }, '"protectedResource" of createTokenService must be a non-empty string'],
    [{ revocationEndpoint: 'https://auth.example/revoke' }, 'with "protectedResource", it comes from the metadata'],
  ])('are refused with %p [F5 F10]', (options, message) => {
    expect(make({ ...given, ...options })).toThrow(ConfigurationError);
    expect(make({ ...given, ...options })).toThrow(message);
  });
});

test('there is no grant without client authentication [R-12]', () => {
  expect(make({ clientSecret: undefined })).toThrow(ConfigurationError);
});

describe.each(['issuer', 'tokenEndpoint'])('"%s"', (name) => {
  const at = (url: string) => make({ issuer: undefined, [name]: url });

  test.each([
    'https://auth.example',
    'https://auth.example/tenant/',
    'https://10.0.0.1:8443/x',
    'http://localhost:3000',
    'http://127.0.0.1:3000',
    'http://127.9.9.9',
    'http://[::1]:3000',
  ])('may be %s [R-27 R-30 R-56]', (url) => {
    expect(at(url)).not.toThrow();
  });

  test.each([
    'http://auth.example/token',
    'http://10.0.0.1',
    'http://localhost.example',
    'ftp://localhost/',
    'ws://localhost',
  ])('may not be %s [R-27 R-30 R-56]', (url) => {
    expect(at(url)).toThrow(ConfigurationError);
    expect(at(url)).toThrow(`"${name}" must be an https URL`);
  });

  test.each(['auth.example', '/token', 'https://', 'https://auth.example/#', 'https://auth.example/token#x', 'a b'])(
    'may not be %s [R-06]',
    (url) => {
      expect(at(url)).toThrow(ConfigurationError);
      expect(at(url)).toThrow(`"${name}" must be an absolute URL without a fragment`);
    },
  );

  test.each([
    'https://orders:s3cr3t@auth.example/',
    'https://s3cr3t@auth.example/',
    'https://orders:s3cr3t@auth.example/#x',
    'http://orders:s3cr3t@auth.example/',
  ])('may not hold credentials, and these are not repeated: %s [R-10 R-24]', (url) => {
    expect(at(url)).toThrow(ConfigurationError);
    expect(at(url)).not.toThrow('s3cr3t');
  });
});

test.each([
  [{ scope: 'a"b' }, '"scope"'],
  [{ resource: 'https://api.example/#x' }, '"resource"'],
  [{ parameters: { client_secret: 'x' } }, '"parameters" must not hold "client_secret"'],
])('a malformed default request is refused at once: %p [R-04 R-13 R-52]', (options, message) => {
  expect(make(options)).toThrow(ConfigurationError);
  expect(make(options)).toThrow(message);
});

test.each<[string, Partial<TokenServiceOptions>, string]>([
  ['clientId', { clientId: 'orders\r' }, '"clientId" ends with a carriage return'],
  ['clientId', { clientId: '\ufefforders' }, '"clientId" begins with a byte order mark'],
  ['clientId', { clientId: 'ord\u0000ers' }, '"clientId" contains a null byte'],
  ['issuer', { issuer: 'https://auth.example\r\n' }, '"issuer" ends with a line feed'],
  ['issuer', { issuer: ' https://auth.example' }, '"issuer" begins with a space'],
  ['issuer', { issuer: 'https://auth.ex\tample' }, '"issuer" contains a tab'],
])('names the blank in "%s" [F12]', (_name, options, said) => {
  const create = () =>
    createTokenService({ issuer: 'https://auth.example', clientId: 'a', clientSecret: 's', ...options });

  expect(create).toThrow(ConfigurationError);
  expect(create).toThrow(`${said}; remove it where the option comes from`);
});

test.each([
  'https://user:s3cret@',
  'user:s3cret@auth.example',
  'https://user:s3cret@auth example',
  'https://user:s3cret@a#b',
])('does not repeat a user and a password in %j [F15]', (issuer) => {
  for (const option of ['issuer', 'tokenEndpoint', 'revocationEndpoint']) {
    const create = () => createTokenService({ [option]: issuer, clientId: 'a', clientSecret: 's' });

    expect(create).toThrow(ConfigurationError);
    expect(create).not.toThrow('s3cret');
  }
});
