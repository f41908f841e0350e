import { describe, expect, test } from '@jest/globals';

import {
  type ClientAuthentication,
  clientSecretBasic,
  type ClientSecretBasicOptions,
  clientSecretByMetadata,
  clientSecretPost,
} from '../../src/authentication/client-secret.js';
import { ConfigurationError, GrantRejectedError } from '../../src/core/errors.js';
import { granted, refused, startAuthorizationServer } from '../support/authorization-server.js';
import { granting } from '../support/grant-outcome.js';

type Encoding = NonNullable<ClientSecretBasicOptions['encoding']>;

/** Id and secret as servers read them off an `Authorization` header. */
const readers = {
  /** As RFC 6749 §2.3.1 has it: split, then form-decoded. */
  decoding: (pair: string) => split(pair).map((part) => decodeURIComponent(part.replaceAll('+', ' '))),
  /** As most have it. */
  raw: split,
};

function split(pair: string): string[] {
  const colon = pair.indexOf(':');
  return [pair.slice(0, colon), pair.slice(colon + 1)];
}

/** What is in the `Authorization` header of a grant, without its base64. */
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
  ])('id %j and secret %j go as they are, and every server reads them right [F3 R-09]', async (clientId, secret) => {
    const pair = await pairFor(clientId, secret);

    expect(pair).toBe(`${clientId}:${secret}`);
    expect(readers.raw(pair)).toEqual([clientId, secret]);
    expect(readers.decoding(pair)).toEqual([clientId, secret]);
  });

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

  test.each(awkward)('a decoding server gets id %j and secret %j back exactly [F3 R-09]', async (clientId, secret) => {
    const pair = await pairFor(clientId, secret);

    expect(readers.decoding(pair)).toEqual([clientId, secret]);
  });

  test.each([...awkward, ['a-b', '-_.~!*()'] as const])(
    'with the encoding "form" a decoding server gets id %j and secret %j back exactly [F3 R-09]',
    async (clientId, secret) => {
      const pair = await pairFor(clientId, secret, 'form');

      expect(readers.decoding(pair)).toEqual([clientId, secret]);
    },
  );

  test('the encoding "form" is that of the RFC [F3 R-03]', async () => {
    const pair = await pairFor('a:b', ' %&+£€', 'form');

    expect(pair).toBe('a%3Ab:+%25%26%2B%C2%A3%E2%82%AC');
  });

  test.each(awkward.filter(([clientId]) => !clientId.includes(':')))(
    'with the encoding "raw" a server that does not decode gets id %j and secret %j back exactly [F3 R-09]',
    async (clientId, secret) => {
      const pair = await pairFor(clientId, secret, 'raw');

      expect(pair).toBe(`${clientId}:${secret}`);
      expect(readers.raw(pair)).toEqual([clientId, secret]);
    },
  );

  test('a secret with half a surrogate pair is no reason to throw', async () => {
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
    'a refusal of id %j with secret %j, sent %s, says what may be misread [F3]',
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

  test('so does a refusal that names no error code [F3]', async () => {
    const server = await startAuthorizationServer();
    const clientAuthentication = clientSecretBasic('a+b');
    const { failure } = granting({ tokenEndpoint: server.tokenEndpoint, clientAuthentication });
    server.script({ status: 401, body: 'Unauthorized' });

    const error = await failure();

    expect(error).toBeInstanceOf(GrantRejectedError);
    expect(String(error)).toMatch(/servers read in different ways/);
  });

  test('the encoding "form" is in doubt for what only it encodes [F3]', async () => {
    const server = await startAuthorizationServer();
    const clientAuthentication = clientSecretBasic('a!b(c)', { encoding: 'form' });
    const { failure } = granting({ tokenEndpoint: server.tokenEndpoint, clientAuthentication });
    server.script(refused('invalid_client', { status: 401 }));

    expect(String(await failure())).toMatch(/servers read in different ways/);
  });

  test.each([
    ['an unambiguous secret', clientSecretBasic('-_.~!*():s3cret'), 'invalid_client'],
    ['client_secret_post', clientSecretPost('a+b'), 'invalid_client'],
    ['another error', clientSecretBasic('a+b'), 'invalid_scope'],
  ])('a refusal with %s raises no such doubt [F3]', async (_what, clientAuthentication, code) => {
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
])('%s refuses a secret that is none when it is called [F5]', (_name, make) => {
  expect(() => make('')).toThrow(ConfigurationError);
  expect(() => make(undefined as unknown as string)).toThrow(ConfigurationError);
});

test('client_secret_post sends id and secret as a form, whatever they hold [R-09]', async () => {
  const server = await startAuthorizationServer();
  const [clientId, secret] = ['a:b%c d+é', '-_.~!*() a:b%c d+é&='];
  const clientAuthentication = clientSecretPost(secret);
  const { tokens } = granting({ tokenEndpoint: server.tokenEndpoint, clientId, clientAuthentication });

  await tokens.getToken();

  const body = new URLSearchParams(server.grants[0]?.body);
  expect([body.getAll('client_id'), body.getAll('client_secret')]).toEqual([[clientId], [secret]]);
});

test('client_secret_post is in doubt for a secret with white space around it [F2]', async () => {
  const server = await startAuthorizationServer();
  server.script(refused('invalid_client', { status: 401 }));
  const clientAuthentication = clientSecretPost('s3cret ');
  const { failure } = granting({ tokenEndpoint: server.tokenEndpoint, clientAuthentication });

  expect(String(await failure())).toContain('the secret begins or ends with white space: check the file');
});

describe('the method that the metadata say', () => {
  /** The method of a grant at a server that says it supports these. */
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
  ])('of %j is %s [R-59 R-11 R-61]', async (supported, method) => {
    expect(await methodFor(supported)).toBe(method);
  });

  test.each([[['private_key_jwt', 'tls_client_auth']], [['none']], [[]]])(
    'of %j is none for a secret: nothing is sent [R-12 R-59]',
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

  test('is client_secret_basic at a bare token endpoint, and is not tried out [R-11]', async () => {
    const server = await startAuthorizationServer();
    const clientAuthentication = clientSecretByMetadata('s3cret');
    const { failure } = granting({ tokenEndpoint: server.tokenEndpoint, clientAuthentication });
    server.script(refused('invalid_client', { status: 401 }), granted('never'));

    await failure();

    expect(server.grants.map(({ headers }) => headers.authorization?.startsWith('Basic '))).toEqual([true]);
  });

  test('does not matter when a method is chosen that they list, or they list none [R-11]', async () => {
    const both = { token_endpoint_auth_methods_supported: ['client_secret_basic', 'client_secret_post'] };
    for (const metadata of [both, {}]) {
      const server = await startAuthorizationServer({ metadata });
      const { tokens } = granting({ issuer: server.origin, clientAuthentication: clientSecretPost('s3cret') });

      await tokens.getToken();

      expect(server.grants[0]?.headers.authorization).toBeUndefined();
    }
  });
});
