import { request } from 'node:https';
import { type AddressInfo, createServer } from 'node:net';

import { describe, expect, test } from '@jest/globals';

import type { ClientAuthentication } from '../../../src/authentication/client-authentication.js';
import { clientSecretBasic } from '../../../src/authentication/client-secret.js';
import { federatedAssertion } from '../../../src/authentication/federated-assertion.js';
import { mutualTls } from '../../../src/authentication/mutual-tls.js';
import { privateKeyJwt } from '../../../src/authentication/private-key-jwt.js';
import { causesOf } from '../../../src/core/error-causes.js';
import { GrantRejectedError, GrantUnavailableError } from '../../../src/core/errors.js';
import { createTokenService } from '../../../src/service/token-service.js';
import { granted, startAuthorizationServer } from '../../support/authorization-server.js';
import { testAuthority, testCertificates, testKey } from '../../support/certificates.js';
import { allThatPrints, failureOf, granting, linesThatShow, secret } from '../../support/grant-outcome.js';
import { listenTls, trustingFetch } from '../../support/grant-tls.js';
import { listen } from '../../support/http-server.js';

/** The error of a grant whose `fetch` fails like this. */
const errorThrown = (thrown: unknown): Promise<unknown> =>
  granting({ tokenEndpoint: 'https://auth.example/token', fetch: () => Promise.reject(thrown) }).failure();

/** An origin with no server behind it. */
async function deserted(): Promise<string> {
  const server = createServer();
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const { port } = server.address() as AddressInfo;
  await new Promise((resolve) => server.close(resolve));
  return `http://127.0.0.1:${port}`;
}

describe('a server that cannot be reached', () => {
  test('because it refuses connections, is a retryable error [B1]', async () => {
    const tokenEndpoint = `${await deserted()}/token`;
    const { failure, events } = granting({ tokenEndpoint });

    const error = await failure();

    expect(error).toBeInstanceOf(GrantUnavailableError);
    expect(error).toMatchObject({ code: 'ERR_GRANT_UNAVAILABLE', retryable: true, status: undefined });
    expect(String(error)).toContain(`${tokenEndpoint} could not be reached (ECONNREFUSED)`);
    expect(events).toMatchObject([{ type: 'grant.failed', error }]);
  });

  test('because its name is unknown, is a retryable error [B1]', async () => {
    const { failure } = granting({ tokenEndpoint: 'https://auth.invalid/token' });

    const error = await failure();

    expect(error).toBeInstanceOf(GrantUnavailableError);
    expect(error).toMatchObject({ retryable: true });
    expect(String(error)).toMatch(/https:\/\/auth\.invalid\/token could not be reached \((ENOTFOUND|EAI_AGAIN)\)/);
  });

  test.each([
    ['before its response', ''],
    ['in the middle of its headers', 'HTTP/1.1 200 OK\r\ncontent-'],
    ['in the middle of its body', 'HTTP/1.1 200 OK\r\ncontent-length: 99\r\n\r\n{"access_token":"live-t0ken"'],
  ])('because it closes the connection %s, is a retryable error [B1 A9]', async (_when, sent) => {
    const origin = await listen(({ socket }) => {
      socket.write(sent, () => socket.resetAndDestroy());
    });
    const { failure } = granting({ tokenEndpoint: `${origin}/token` });

    const error = await failure();

    expect(error).toBeInstanceOf(GrantUnavailableError);
    expect(error).toMatchObject({ retryable: true });
    expect(String(error)).toMatch(/could not be reached \((ECONNRESET|UND_ERR_SOCKET|EPIPE)\)/);
    expect(linesThatShow('live-t0ken', error)).toEqual([]);
  });

  test('because it does not speak HTTP, is a GrantUnavailableError [B1]', async () => {
    const origin = await listen(({ socket }) => {
      socket.end('SSH-2.0-OpenSSH_9.6\r\n');
    });
    const { failure } = granting({ tokenEndpoint: `${origin}/token` });

    expect(await failure()).toBeInstanceOf(GrantUnavailableError);
  });

  test('during discovery, names the issuer [B1]', async () => {
    const issuer = await deserted();
    const { failure } = granting({ issuer });

    const error = await failure();

    expect(error).toMatchObject({ code: 'ERR_GRANT_UNAVAILABLE', retryable: true });
    expect(String(error)).toContain(`${issuer} could not be reached (ECONNREFUSED)`);
  });

  test('keeps nothing of the request in the error [R-24]', async () => {
    const { failure } = granting({ tokenEndpoint: `${await deserted()}/token` });

    const printed = allThatPrints(await failure());

    expect(printed).not.toContain(secret);
    expect(printed).not.toContain(Buffer.from(`orders:${secret}`).toString('base64'));
    expect(printed).toContain('connect ECONNREFUSED');
  });
});

describe('http and https that are mixed up', () => {
  test('https to an http port is a final error that says so [B12]', async () => {
    const origin = await listen((_request, response) => response.end('hello'));
    const { failure } = granting({ tokenEndpoint: `${origin.replace('http:', 'https:')}/token` });

    const error = await failure();

    expect(error).toMatchObject({ code: 'ERR_GRANT_UNAVAILABLE', retryable: false });
    expect(String(error)).toContain('its port does not speak https, but probably http');
  });

  test('http to an https port is an error that says so [B12]', async () => {
    const port = await listenTls((_request, response) => response.end('never'));
    const { failure } = granting({ tokenEndpoint: `http://localhost:${port}/token` });

    expect(String(await failure())).toContain('if its port expects https, the URL must begin with https');
  });
});

describe('a proxy variable that Node.js ignores', () => {
  const variables = [
    'HTTPS_PROXY',
    'https_proxy',
    'HTTP_PROXY',
    'http_proxy',
    'ALL_PROXY',
    'all_proxy',
    'NO_PROXY',
    'no_proxy',
    'NODE_USE_ENV_PROXY',
    'NODE_OPTIONS',
  ];
  const messageWith = async (environment: Record<string, string>, options = {}) => {
    const before = variables.map((name) => [name, process.env[name]] as const);
    for (const name of variables) delete process.env[name];
    Object.assign(process.env, environment);
    try {
      return String(
        await granting({ tokenEndpoint: 'https://auth.invalid/token', timeoutMs: 2_000, ...options }).failure(),
      );
    } finally {
      for (const [name, value] of before) {
        if (value === undefined) delete process.env[name];
        else process.env[name] = value;
      }
    }
  };

  test.each(['HTTPS_PROXY', 'https_proxy', 'ALL_PROXY'])(
    'is named if the server cannot be reached: %s [B12]',
    async (name) => {
      const proxy = { [name]: 'http://user:s3cret@proxy.example:8080' };

      for (const options of [{}, { tokenEndpoint: undefined, issuer: 'https://auth.invalid' }]) {
        const message = await messageWith(proxy, options);

        expect(message).toContain(`${name} is set, but Node.js uses only HTTPS_PROXY and HTTP_PROXY, and only with`);
        expect(message).not.toContain('s3cret');
      }
    },
  );

  test.each<[string, Record<string, string>, object]>([
    ['no variable is set', {}, {}],
    ['Node.js uses it', { HTTPS_PROXY: 'http://p', NODE_OPTIONS: '--use-env-proxy' }, {}],
    ['the host is excluded', { HTTPS_PROXY: 'http://p', NO_PROXY: 'localhost, .invalid' }, {}],
    ['all hosts are excluded', { HTTPS_PROXY: 'http://p', no_proxy: '*' }, {}],
    ['it is for http', { HTTP_PROXY: 'http://p' }, {}],
    ['the user has another fetch', { HTTPS_PROXY: 'http://p' }, { fetch: () => Promise.reject(new TypeError('no')) }],
    ['the server is on this machine', { HTTPS_PROXY: 'http://p' }, { tokenEndpoint: 'https://localhost:1/token' }],
  ])('is not named if %s [B12]', async (_what, environment, options) => {
    expect(await messageWith(environment, options)).not.toContain('PROXY');
  });
});

test.each<[string, (hang: () => Promise<never>) => ClientAuthentication]>([
  ['secret', (hang) => clientSecretBasic(hang)],
  ['key', (hang) => privateKeyJwt({ key: hang })],
  ['assertion', (hang) => federatedAssertion(hang)],
  ['certificate', (hang) => mutualTls({ certificate: hang, key: hang })],
])('a function for the %s that hangs is named, and not the authorization server [B12]', async (_what, make) => {
  const clientAuthentication = make(() => new Promise(() => {}));
  const tokens = createTokenService({
    tokenEndpoint: 'https://auth.example/token',
    clientId: 'orders',
    clientAuthentication,
    retry: { deadlineMs: 50, retries: 0 },
  });

  const error = await failureOf(tokens.getToken());

  expect(error).toBeInstanceOf(GrantUnavailableError);
  expect(String(error)).toContain(
    'the credentials were not read in time: the function that returns the client secret, key',
  );
  expect(String(error)).not.toContain('auth.example');
});

describe('a proxy that asks for credentials', () => {
  test('with a 407, is named in a final error [B5]', async () => {
    const server = await startAuthorizationServer();
    const { failure } = granting({ tokenEndpoint: server.tokenEndpoint, fetch: trustingFetch });
    server.script({ status: 407, headers: { 'proxy-authenticate': 'Basic realm="proxy"' } });

    const error = await failure();

    expect(error).toBeInstanceOf(GrantRejectedError);
    expect(error).toMatchObject({ status: 407, retryable: false });
    expect(String(error)).toMatch(/a proxy asks for credentials/);
  });

  test('with a 407 that fetch does not report, is mentioned [B5]', async () => {
    const server = await startAuthorizationServer();
    const { failure } = granting({ tokenEndpoint: server.tokenEndpoint });
    server.script({ status: 407 });

    expect(String(await failure())).toMatch(/could not be reached.*proxy/);
  });

  test('with a 407 to CONNECT, is named in a final error [B5]', async () => {
    const cause = Object.assign(new Error('Proxy response (407) !== 200 when HTTP Tunneling'), {
      name: 'AbortError',
      code: 'UND_ERR_ABORTED',
    });

    expect(await errorThrown(new TypeError('fetch failed', { cause }))).toMatchObject({
      retryable: false,
      message: expect.stringMatching(/a proxy asks for credentials/),
    });
  });
});

/** A fetch that trusts the authority of the test certificates. */
const fetchTrusting: typeof fetch = (input, init) =>
  new Promise((_resolve, reject) => {
    request(new URL(input instanceof Request ? input.url : input), {
      method: init?.method,
      ca: testAuthority,
      agent: false,
    })
      .once('error', reject)
      .end();
  });

describe('a certificate', () => {
  test.each([
    ['has expired', testCertificates.expired, 'CERT_HAS_EXPIRED', 'its certificate has expired'],
    ['is not valid yet', testCertificates.future, 'CERT_NOT_YET_VALID', 'its certificate is not valid yet'],
    [
      'is for another name',
      testCertificates.other,
      'ERR_TLS_CERT_ALTNAME_INVALID',
      'its certificate is for another name',
    ],
  ])('that %s is a final error that says exactly so [B12 R-28]', async (_what, cert, code, said) => {
    const port = await listenTls((_request, response) => response.end('never'), { cert, key: testKey });
    const options = { fetch: fetchTrusting };
    const endpoint = `https://localhost:${port}/token`;

    for (const where of [{ tokenEndpoint: endpoint }, { issuer: endpoint }]) {
      const error = await granting({ ...options, ...where }).failure();

      expect(error).toMatchObject({ code: 'ERR_GRANT_UNAVAILABLE', retryable: false });
      expect(String(error)).toContain(`could not be reached (${code}): ${said}`);
      expect(String(error)).not.toContain('NODE_EXTRA_CA_CERTS');
    }
  });

  test('that is not trusted is a final error that names the solution [B1 B10 R-28]', async () => {
    const port = await listenTls((_request, response) => response.end('never'));
    const { failure } = granting({ tokenEndpoint: `https://localhost:${port}/token` });

    const error = await failure();

    expect(error).toBeInstanceOf(GrantUnavailableError);
    expect(error).toMatchObject({ retryable: false });
    expect(String(error)).toMatch(/\(DEPTH_ZERO_SELF_SIGNED_CERT\).*certificate is not trusted.*NODE_EXTRA_CA_CERTS/);
    expect(String(error)).not.toMatch(/rejectUnauthorized|NODE_TLS_REJECT_UNAUTHORIZED/);
  });

  test('that is not trusted ends discovery as well [B1 R-28]', async () => {
    const port = await listenTls((_request, response) => response.end('never'));
    const { failure } = granting({ issuer: `https://localhost:${port}` });

    expect(await failure()).toMatchObject({ code: 'ERR_GRANT_UNAVAILABLE', retryable: false });
  });

  test('of a private authority can be trusted with the option "fetch" [R-28]', async () => {
    const port = await listenTls((_request, response) => {
      response.writeHead(200, { 'content-type': 'application/json' }).end(JSON.stringify(granted('private').body));
    });
    const { tokens } = granting({ tokenEndpoint: `https://localhost:${port}/token`, fetch: trustingFetch });

    await expect(tokens.getToken()).resolves.toMatchObject({ value: 'private' });
  });

  test('for another name is rejected although its authority is trusted [B1 R-28]', async () => {
    const port = await listenTls((_request, response) => response.end('never'));
    const { failure } = granting({ tokenEndpoint: `https://127.0.0.1:${port}/token`, fetch: trustingFetch });

    const error = await failure();

    expect(error).toMatchObject({ code: 'ERR_GRANT_UNAVAILABLE', retryable: false });
    expect(String(error)).toContain('ERR_TLS_CERT_ALTNAME_INVALID');
  });

  test.each([
    'CERT_HAS_EXPIRED',
    'CERT_NOT_YET_VALID',
    'CERT_REVOKED',
    'CERT_UNTRUSTED',
    'CERT_REJECTED',
    'CERT_SIGNATURE_FAILURE',
    'CERT_CHAIN_TOO_LONG',
    'DEPTH_ZERO_SELF_SIGNED_CERT',
    'SELF_SIGNED_CERT_IN_CHAIN',
    'UNABLE_TO_GET_ISSUER_CERT',
    'UNABLE_TO_GET_ISSUER_CERT_LOCALLY',
    'UNABLE_TO_VERIFY_LEAF_SIGNATURE',
    'UNABLE_TO_DECODE_ISSUER_PUBLIC_KEY',
    'INVALID_CA',
    'INVALID_PURPOSE',
    'PATH_LENGTH_EXCEEDED',
    'HOSTNAME_MISMATCH',
    'ERR_TLS_CERT_ALTNAME_INVALID',
  ])('with the flaw %s is a final error [B1]', async (code) => {
    const thrown = new TypeError('fetch failed', { cause: Object.assign(new Error('certificate'), { code }) });

    expect(await errorThrown(thrown)).toMatchObject({
      retryable: false,
      message: expect.stringContaining(code),
    });
  });
});

test.each([
  'ERR_SSL_TLSV13_ALERT_CERTIFICATE_REQUIRED',
  'ERR_SSL_SSLV3_ALERT_BAD_CERTIFICATE',
  'ERR_SSL_SSLV3_ALERT_CERTIFICATE_EXPIRED',
  'ERR_SSL_TLSV1_ALERT_UNKNOWN_CA',
])('the alert %s is a final error about the client certificate [B1]', async (code) => {
  const thrown = Object.assign(new Error('alert'), { code });

  expect(await errorThrown(thrown)).toMatchObject({
    retryable: false,
    message: expect.stringMatching(/it does not accept the client certificate/),
  });
});

test.each([
  'ECONNREFUSED',
  'ECONNRESET',
  'EPIPE',
  'ETIMEDOUT',
  'EHOSTUNREACH',
  'ENETUNREACH',
  'ENOTFOUND',
  'EAI_AGAIN',
  'UND_ERR_SOCKET',
  'UND_ERR_CONNECT_TIMEOUT',
  'UND_ERR_HEADERS_TIMEOUT',
])('%s is retryable, and in the cause [B1]', async (code) => {
  const thrown = new TypeError('fetch failed', { cause: Object.assign(new Error('network'), { code }) });

  const error = await errorThrown(thrown);

  expect(error).toMatchObject({ retryable: true, message: expect.stringContaining(`(${code})`) });
  expect(causesOf(error)).toContainEqual(expect.objectContaining({ code }));
});

test.each<[string, unknown]>([
  ['a string', 'offline'],
  ['undefined', undefined],
  ['null', null],
  ['an error with a number for a code', Object.assign(new Error('odd'), { code: 7 })],
  ['an error that is its own cause', selfCaused()],
  ['an aborted request', new DOMException('aborted', 'AbortError')],
])('a custom fetch that throws %s causes a GrantUnavailableError', async (_what, thrown) => {
  const error = await errorThrown(thrown);

  expect(error).toBeInstanceOf(GrantUnavailableError);
  expect(String(error)).toMatch(
    /^GrantUnavailableError: https:\/\/auth\.example\/token could not be reached( \(OAUTH_ABORT\))?:/,
  );
});

function selfCaused(): Error {
  const error = new Error('ouroboros');
  error.cause = error;
  return error;
}

test('a connection that the server has closed does not fail the next grant', async () => {
  const server = await startAuthorizationServer();
  const { tokens } = granting({ tokenEndpoint: server.tokenEndpoint });
  server.script({ ...granted('a'), headers: { connection: 'close' } }, granted('b'));

  await tokens.getToken();

  await expect(tokens.getToken()).resolves.toMatchObject({ value: 'b' });
});
