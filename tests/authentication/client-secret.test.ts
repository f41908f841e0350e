import { describe, expect, test } from '@jest/globals';

import type { ClientAuthentication } from '../../src/authentication/client-authentication.js';
import {
  clientSecretBasic,
  type ClientSecretBasicOptions,
  clientSecretByMetadata,
  clientSecretPost,
} from '../../src/authentication/client-secret.js';
import { ConfigurationError, GrantRejectedError } from '../../src/core/errors.js';
import { granted, refused, startAuthorizationServer } from '../support/authorization-server.js';
import { granting } from '../support/grant-outcome.js';

type Encoding = NonNullable<ClientSecretBasicOptions['encoding']>;

/** How servers read id and secret from an `Authorization` header. */
const readers = {
  /** As RFC 6749 §2.3.1 requires: split, then form-decoded. */
  decoding: (pair: string) => split(pair).map((part) => decodeURIComponent(part.replaceAll('+', ' '))),
  /** As most servers do. */
  raw: split,
};

function split(pair: string): string[] {
  const colon = pair.indexOf(':');
  return [pair.slice(0, colon), pair.slice(colon + 1)];
}

/** The decoded base64 of the `Authorization` header of a grant. */
async function pairFor(clientId: string, secret: string, encoding?: Encoding): Promise<string> {
  const server = await startAuthorizationServer();
  const clientAuthentication = clientSecretBasic(secret, encoding && { encoding });
  const { tokens } = granting({ tokenEndpoint: server.tokenEndpoint, clientId, clientAuthentication });
  await tokens.getToken();
  const [scheme, credentials = ''] = server.grants[0]?.headers.authorization?.split(' ') ?? [];
  expect(scheme).toBe('Basic');
  return Buffer.from(credentials, 'base64').toString('utf8');
}

describe('client_secret_basic', () => {
  test.each([
    ['svc-main', 's3cret'],
    ['a-b_c.d~e!f*g(h)', "-_.~!*()'"],
    ['orders', 'a:b:c'],
    ['orders', '&=?/#[]@$;,"<>\\^`{|}'],
  ])(
    'sends id %j and secret %j unchanged, and every server reads them correctly [F3 R-09]',
    async (clientId, secret) => {
      const pair = await pairFor(clientId, secret);

      expect(pair).toBe(`${clientId}:${secret}`);
      expect(readers.raw(pair)).toEqual([clientId, secret]);
      expect(readers.decoding(pair)).toEqual([clientId, secret]);
    },
  );

  const awkward: [string, string][] = [
    ['a:b', 's3cret'],
    ['a:b%c d+é', 'a:b%c d+é'],
    ['orders', '100%'],
    ['orders', '%41'],
    ['orders', 'a+b'],
    ['orders', 'a b'],
    ['orders', 'tab\tnew\nline'],
    ['orders', 'naïve-密-😀'],
  ];

  test.each(awkward)('lets a decoding server read id %j and secret %j exactly [F3 R-09]', async (clientId, secret) => {
    const pair = await pairFor(clientId, secret);

    expect(readers.decoding(pair)).toEqual([clientId, secret]);
  });

  test.each([...awkward, ['a-b', '-_.~!*()'] as const])(
    'with the encoding "form" lets a decoding server read id %j and secret %j exactly [F3 R-09]',
    async (clientId, secret) => {
      const pair = await pairFor(clientId, secret, 'form');

      expect(readers.decoding(pair)).toEqual([clientId, secret]);
    },
  );

  test('encodes only characters that a decoding server would misread [F3 R-09]', async () => {
    const pair = await pairFor('a:b', '!a:b%c d+é');

    expect(pair).toBe('a%3Ab:!a:b%25c%20d%2B%C3%A9');
  });

  test('with the encoding "form" encodes as the RFC requires [F3 R-03]', async () => {
    const pair = await pairFor('a:b', ' %&+£€', 'form');

    expect(pair).toBe('a%3Ab:+%25%26%2B%C2%A3%E2%82%AC');
  });

  test.each(awkward.filter(([clientId]) => !clientId.includes(':')))(
    'with the encoding "raw" lets a server that does not decode read id %j and secret %j exactly [F3 R-09]',
    async (clientId, secret) => {
      const pair = await pairFor(clientId, secret, 'raw');

      expect(pair).toBe(`${clientId}:${secret}`);
      expect(readers.raw(pair)).toEqual([clientId, secret]);
    },
  );

  test('sends a secret with half a surrogate pair', async () => {
    const pair = await pairFor('orders', 'a\ud800');

    expect(readers.decoding(pair)).toEqual(['orders', 'a\ufffd']);
  });

  test.each<[string, string, Encoding, 401 | 400]>([
    ['a:b', 's3cret', 'minimal', 401],
    ['orders', 'a%b', 'minimal', 400],
    ['orders', 'a+b', 'form', 401],
    ['orders', 'a b', 'raw', 401],
    ['é', 's3cret', 'raw', 401],
  ])(
    'names the encoding when id %j with secret %j, sent %s, is rejected [F3]',
    async (clientId, secret, encoding, status) => {
      const server = await startAuthorizationServer();
      const clientAuthentication = clientSecretBasic(secret, { encoding });
      const { failure } = granting({ tokenEndpoint: server.tokenEndpoint, clientId, clientAuthentication });
      server.script(refused('invalid_client', { status }));

      const error = await failure();

      expect(String(error)).toMatch(/servers read in different ways.*"form" or "raw".*clientSecretPost/);
      expect(String(error)).toContain(`the encoding "${encoding}"`);
      expect(String(error).replace(`client "${clientId}"`, '')).not.toContain(secret);
    },
  );

  test('names the encoding also when the response has no error code [F3]', async () => {
    const server = await startAuthorizationServer();
    const clientAuthentication = clientSecretBasic('a+b');
    const { failure } = granting({ tokenEndpoint: server.tokenEndpoint, clientAuthentication });
    server.script({ status: 401, body: 'Unauthorized' });

    const error = await failure();

    expect(error).toBeInstanceOf(GrantRejectedError);
    expect(String(error)).toMatch(/servers read in different ways/);
  });

  test('names the encoding "form" for characters that only this encoding changes [F3]', async () => {
    const server = await startAuthorizationServer();
    const clientAuthentication = clientSecretBasic('a!b(c)', { encoding: 'form' });
    const { failure } = granting({ tokenEndpoint: server.tokenEndpoint, clientAuthentication });
    server.script(refused('invalid_client', { status: 401 }));

    expect(String(await failure())).toMatch(/servers read in different ways/);
  });

  test.each([
    ['an unambiguous secret', clientSecretBasic('-_.~!*():s3cret'), 'invalid_client'],
    ['an unambiguous secret sent raw', clientSecretBasic('a!b', { encoding: 'raw' }), 'invalid_client'],
    ['client_secret_post', clientSecretPost('a+b'), 'invalid_client'],
    ['another error', clientSecretBasic('a+b'), 'invalid_scope'],
  ])('does not name the encoding for %s [F3]', async (_what, clientAuthentication, code) => {
    const server = await startAuthorizationServer();
    const { failure } = granting({ tokenEndpoint: server.tokenEndpoint, clientAuthentication });
    server.script(refused(code));

    expect(String(await failure())).not.toMatch(/different ways/);
  });

  test.each([
    [{ encoding: 'base64' }, /"encoding" of clientSecretBasic must be "minimal" or "form" or "raw"/],
    [{ encodng: 'form' }, /clientSecretBasic has no option "encodng"; did you mean "encoding"\?/],
  ])('refuses the options %j [F10]', (options, message) => {
    const make = () => clientSecretBasic('s3cret', options as ClientSecretBasicOptions);

    expect(make).toThrow(ConfigurationError);
    expect(make).toThrow(message);
  });
});

test.each<[string, (secret: string) => ClientAuthentication]>([
  ['clientSecretBasic', clientSecretBasic],
  ['clientSecretPost', clientSecretPost],
])('%s rejects a missing secret when it is called [F5]', (_name, make) => {
  expect(() => make('')).toThrow(ConfigurationError);
  expect(() => make(undefined as unknown as string)).toThrow(ConfigurationError);
});

test('client_secret_post form-encodes id and secret [R-09]', async () => {
  const server = await startAuthorizationServer();
  const [clientId, secret] = ['a:b%c d+é', '-_.~!*() a:b%c d+é&='];
  const clientAuthentication = clientSecretPost(secret);
  const { tokens } = granting({ tokenEndpoint: server.tokenEndpoint, clientId, clientAuthentication });

  await tokens.getToken();

  const body = new URLSearchParams(server.grants[0]?.body);
  expect([body.getAll('client_id'), body.getAll('client_secret')]).toEqual([[clientId], [secret]]);
});

test('client_secret_post mentions white space around a rejected secret [F2 F12]', async () => {
  const server = await startAuthorizationServer();
  server.script(refused('invalid_client', { status: 401 }));
  const clientAuthentication = clientSecretPost('s3cret ');
  const { failure } = granting({ tokenEndpoint: server.tokenEndpoint, clientAuthentication });

  expect(String(await failure())).toContain(
    'the secret begins or ends with white space: it ends with a space; check where it comes from',
  );
});

describe('a client secret without a method', () => {
  /** The method of a grant at a server whose metadata list these. */
  async function methodFor(supported: readonly string[] | undefined): Promise<string> {
    const server = await startAuthorizationServer({ metadata: { token_endpoint_auth_methods_supported: supported } });
    const { tokens } = granting({ issuer: server.origin, clientAuthentication: clientSecretByMetadata('s3cret') });
    await tokens.getToken();
    expect(server.grants).toHaveLength(1);
    return server.grants[0]?.headers.authorization === undefined ? 'client_secret_post' : 'client_secret_basic';
  }

  test.each([
    [undefined, 'client_secret_basic'],
    [['client_secret_basic'], 'client_secret_basic'],
    [['client_secret_post'], 'client_secret_post'],
    [['client_secret_post', 'client_secret_basic'], 'client_secret_basic'],
    [['private_key_jwt', 'client_secret_post'], 'client_secret_post'],
    // Not what RFC 8414 requires, and no reason to fail.
    ['client_secret_post' as unknown as string[], 'client_secret_basic'],
  ])('with metadata that list %j is sent by %s [R-59 R-11 R-61]', async (supported, method) => {
    expect(await methodFor(supported)).toBe(method);
  });

  test.each([[['private_key_jwt', 'tls_client_auth']], [['none']], [[]]])(
    'with metadata that list %j is a ConfigurationError, and nothing is sent [R-12 R-59]',
    async (supported) => {
      const server = await startAuthorizationServer({ metadata: { token_endpoint_auth_methods_supported: supported } });
      const clientAuthentication = clientSecretByMetadata('s3cret');
      const { failure } = granting({ issuer: server.origin, clientAuthentication });

      const error = await failure();

      expect(error).toBeInstanceOf(ConfigurationError);
      expect(String(error)).toContain(server.origin);
      expect(String(error)).toContain(supported.join(', '));
      expect(String(error)).toContain('"clientAuthentication"');
      expect(server.grants).toEqual([]);
    },
  );

  test('is sent by client_secret_basic without metadata, and no other method is tried [R-11]', async () => {
    const server = await startAuthorizationServer();
    const clientAuthentication = clientSecretByMetadata('s3cret');
    const { failure } = granting({ tokenEndpoint: server.tokenEndpoint, clientAuthentication });
    server.script(refused('invalid_client', { status: 401 }), granted('never'));

    await failure();

    expect(server.grants.map(({ headers }) => headers.authorization?.startsWith('Basic '))).toEqual([true]);
  });

  test('is sent by a chosen method if the metadata list it, or list none [R-11]', async () => {
    const both = { token_endpoint_auth_methods_supported: ['client_secret_basic', 'client_secret_post'] };
    for (const metadata of [both, {}]) {
      const server = await startAuthorizationServer({ metadata });
      const { tokens } = granting({ issuer: server.origin, clientAuthentication: clientSecretPost('s3cret') });

      await tokens.getToken();

      expect(server.grants[0]?.headers.authorization).toBeUndefined();
    }
  });
});
