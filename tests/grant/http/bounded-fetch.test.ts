import { brotliCompressSync, deflateSync, gzipSync } from 'node:zlib';

import { describe, expect, test } from '@jest/globals';

import { clientSecretPost } from '../../../src/authentication/client-secret.js';
import { mutualTls } from '../../../src/authentication/mutual-tls.js';
import { ConfigurationError, GrantRejectedError, GrantUnavailableError, TokenError } from '../../../src/core/errors.js';
import { granted, startAuthorizationServer } from '../../support/authorization-server.js';
import { cleanUp } from '../../support/clean-up.js';
import { clientCertificates } from '../../support/client-certificates.js';
import { granting, linesThatShow, secret } from '../../support/grant-outcome.js';
import { startHttpServer } from '../../support/http-server.js';
import { ca, startTlsServer } from '../../support/mutual-tls.js';

const mebibyte = 1_024 * 1_024;
const json = { 'content-type': 'application/json' };

/** A token response of exactly so many bytes. */
function responseOf(bytes: number): string {
  const padding = bytes - JSON.stringify(granted('t', { padding: '' }).body).length;
  return JSON.stringify(granted('t', { padding: 'x'.repeat(padding) }).body);
}

describe('the size of a response', () => {
  test('may be 1 MiB [A19 R-20]', async () => {
    const server = await startAuthorizationServer();
    const { tokens } = granting({ tokenEndpoint: server.tokenEndpoint });
    server.script({ headers: json, body: responseOf(mebibyte) });

    await expect(tokens.getToken()).resolves.toMatchObject({ value: 't' });
  });

  test.each([
    ['1 MiB and a byte', {}, Buffer.from(responseOf(mebibyte + 1))],
    ['100 MiB, gzipped to a tenth of one', { 'content-encoding': 'gzip' }, gzipSync(Buffer.alloc(100 * mebibyte, ' '))],
  ])('may not be %s [A19 R-20]', async (_what, headers, body) => {
    const server = await startAuthorizationServer();
    const { failure } = granting({ tokenEndpoint: server.tokenEndpoint });
    server.script({ headers: { ...json, ...headers }, body });

    const error = await failure();

    expect(error).toBeInstanceOf(TokenError);
    expect(String(error)).toMatch(/longer than 1 MiB/);
    expect(String(error).length).toBeLessThan(1_000);
  });

  test.each([
    ['4,000 long members', Array<string>(4_000).fill('a value of some twenty'), /^t$/],
    ['20,000 members in 60 KiB', Array<number>(20_000).fill(1), /^t$/],
    ['20,000 longer ones', Array<string>(20_000).fill('abc'), /200, but its body is not JSON$/],
    ['40,000 objects', Array.from({ length: 40_000 }, () => ({})), /200, but its body is not JSON$/],
  ])('is limited in its parts as well: %s [A19]', async (_what, padding, expected) => {
    const server = await startAuthorizationServer();
    const { tokens } = granting({ tokenEndpoint: server.tokenEndpoint });
    server.script(granted('t', { padding }));

    const outcome = await tokens.getToken().then(({ value }) => value, String);

    expect(outcome).toMatch(expected);
  });

  test('does not hide an outage: a megabyte of script [A19 A1]', async () => {
    const server = await startAuthorizationServer();
    const { failure } = granting({ tokenEndpoint: server.tokenEndpoint });
    server.script({ status: 503, headers: { 'retry-after': '7' }, body: '<script>[{,'.repeat(50_000) });

    expect(await failure()).toMatchObject({ status: 503, retryAfterMs: 7_000 });
  });

  test('is limited for error responses as well [A19]', async () => {
    const server = await startAuthorizationServer();
    const { failure } = granting({ tokenEndpoint: server.tokenEndpoint });
    server.script({ status: 400, headers: json, body: 'x'.repeat(2 * mebibyte) });

    expect(String(await failure())).toMatch(/longer than 1 MiB/);
  });

  test('ends an endless response at the limit [A19]', async () => {
    let isClosed: () => void;
    const closed = new Promise<void>((resolve) => {
      isClosed = resolve;
    });
    const server = await startAuthorizationServer();
    const { failure } = granting({ tokenEndpoint: server.tokenEndpoint });
    server.script((_request, response) => {
      response.writeHead(200, json);
      const pour = (): void => {
        while (response.write('x'.repeat(65_536)));
      };
      response.on('drain', pour).on('close', () => isClosed());
      pour();
      return undefined;
    });

    expect(String(await failure())).toMatch(/longer than 1 MiB/);
    await closed;
  });
});

test.each([
  ['gzip', gzipSync],
  ['deflate', deflateSync],
  ['br', brotliCompressSync],
])(
  'a token response in %s is read over mutual TLS, and the limit of 1 MiB counts its decoded bytes [A44 A19]',
  async (coding, encode) => {
    const texts = [JSON.stringify(granted('t').body), responseOf(mebibyte), ' '.repeat(10 * mebibyte)];
    const bodies = texts.map((text) => encode(text));
    const { origin } = await startTlsServer(() => ({
      headers: { 'content-encoding': coding },
      body: bodies.shift() ?? '',
    }));
    const clientAuthentication = mutualTls({ ...clientCertificates.first, ca });
    const { tokens, failure } = granting({ tokenEndpoint: `${origin}/token`, clientAuthentication });

    await expect(tokens.getToken()).resolves.toMatchObject({ value: 't' });
    await expect(tokens.getToken()).resolves.toMatchObject({ value: 't' });
    expect(String(await failure())).toMatch(/longer than 1 MiB/);
  },
);

describe('a fetch of a framework that caches responses', () => {
  /** Caches the response of each URL, GET or POST, unless the request says `no-store`. */
  const cachingFetch = (): typeof globalThis.fetch => {
    const responses = new Map<string, Response>();
    return async (input, init) => {
      const key = `${init?.method} ${input as string}`;
      const response = responses.get(key) ?? (await fetch(input, init));
      if ((init as { cache?: string } | undefined)?.cache !== 'no-store') responses.set(key, response);
      return response.clone();
    };
  };

  test('is told not to store the token, the metadata or a revocation [A45]', async () => {
    const server = await startAuthorizationServer();
    const issuer = await startAuthorizationServer({
      metadata: { token_endpoint: server.tokenEndpoint, revocation_endpoint: `${server.origin}/token/revoke` },
    });
    const { tokens, clock } = granting({ issuer: issuer.origin, fetch: cachingFetch() });

    const first = await tokens.getToken();
    const second = await tokens.getToken();
    clock.advance(24 * 3_600_000);
    await tokens.getToken();
    await tokens.revoke(first);
    await tokens.revoke(second);

    expect([first.value, second.value]).toEqual(['token-1', 'token-2']);
    expect(server.requests).toHaveLength(5);
    expect(issuer.requests).toHaveLength(2);
  });
});

describe('the deadline', () => {
  test('ends a request without a response [A24]', async () => {
    const server = await startAuthorizationServer();
    const { failure } = granting({ tokenEndpoint: server.tokenEndpoint, timeoutMs: 100 });
    server.script(() => undefined);

    const error = await failure();

    expect(error).toBeInstanceOf(GrantUnavailableError);
    expect(error).toMatchObject({
      message: `${server.tokenEndpoint} did not respond in time`,
      retryable: true,
      status: undefined,
    });
  });

  test('ends a response that hangs after its headers [B4 A24]', async () => {
    const server = await startAuthorizationServer();
    const { failure } = granting({ tokenEndpoint: server.tokenEndpoint, timeoutMs: 100 });
    server.script((_request, response) => {
      response.writeHead(200, json);
      response.write('{"access_token":"live-t0ken",');
      return undefined;
    });

    const error = await failure();

    expect(error).toBeInstanceOf(GrantUnavailableError);
    expect(String(error)).toContain('did not respond in time');
    expect(linesThatShow('live-t0ken', error)).toEqual([]);
  });

  test('covers the whole response, even if it keeps arriving slowly [A19 B4]', async () => {
    const server = await startAuthorizationServer();
    const { failure } = granting({ tokenEndpoint: server.tokenEndpoint, timeoutMs: 200 });
    server.script((_request, response) => {
      response.writeHead(200, json);
      const drip = setInterval(() => response.write(' '), 10);
      cleanUp(() => clearInterval(drip));
      return undefined;
    });

    const error = await failure();

    expect(error).toBeInstanceOf(GrantUnavailableError);
    expect(String(error)).toContain('did not respond in time');
  });

  test('applies to discovery too [A24]', async () => {
    const server = await startHttpServer(() => undefined);
    const { failure } = granting({ issuer: server.origin, timeoutMs: 100 });

    const error = await failure();

    expect(error).toBeInstanceOf(GrantUnavailableError);
    expect(String(error)).toContain(`${server.origin} did not respond in time`);
  });
});

describe('a redirect', () => {
  test.each([301, 302, 303, 307, 308])('by %p is not followed; the error names its target [A21]', async (status) => {
    const elsewhere = await startHttpServer(() => granted('stolen'));
    const server = await startAuthorizationServer();
    const clientAuthentication = clientSecretPost(secret);
    const { failure } = granting({ tokenEndpoint: server.tokenEndpoint, clientAuthentication });
    server.script({ status, headers: { location: `${elsewhere.origin}/other?session=s3ssion` } });

    const error = await failure();

    expect(elsewhere.requests).toEqual([]);
    expect(error).toBeInstanceOf(GrantRejectedError);
    expect(error).toMatchObject({ status, retryable: false });
    expect(String(error)).toContain(`redirected the request to ${elsewhere.origin}/other (HTTP ${status})`);
    expect(String(error)).not.toContain('s3ssion');
  });

  test('to another path of the same server is not followed either [A21]', async () => {
    const server = await startAuthorizationServer();
    const { failure } = granting({ tokenEndpoint: server.tokenEndpoint });
    server.script({ status: 307, headers: { location: '/token/' } }, granted('never'));

    const error = await failure();

    expect(server.grants).toHaveLength(1);
    expect(String(error)).toContain(`${server.origin}/token/`);
  });

  test.each([
    ['that is no URL', { location: 'http://[' }],
    ['that is no web page', { location: 'javascript:alert(1)' }],
  ])('to a target %s is a GrantRejectedError [A21]', async (_what, headers) => {
    const server = await startAuthorizationServer();
    const { failure } = granting({ tokenEndpoint: server.tokenEndpoint });
    server.script({ status: 302, headers });

    expect(await failure()).toBeInstanceOf(GrantRejectedError);
  });

  test.each([300, 304, 302])('by %p without a target names none [A21]', async (status) => {
    const server = await startAuthorizationServer();
    const { failure } = granting({ tokenEndpoint: server.tokenEndpoint });
    server.script({ status });

    const error = await failure();

    expect(error).toBeInstanceOf(GrantRejectedError);
    expect(String(error)).toContain(`HTTP ${status}`);
    expect(String(error)).not.toContain(`redirected the request to ${server.tokenEndpoint}`);
  });

  test('does not show a secret in its target [A21 R-24]', async () => {
    const server = await startAuthorizationServer();
    const { failure } = granting({ tokenEndpoint: server.tokenEndpoint });
    server.script({ status: 302, headers: { location: `https://u:${secret}@evil.example/${secret}?s=${secret}` } });

    const error = await failure();

    expect(String(error)).toContain('https://evil.example');
    expect(linesThatShow(secret, error)).toEqual([]);
  });
});

test.each([
  'http://auth.example/token',
  'http://10.0.0.1/token',
  'http://127.0.0.1.nip.example/token',
  'ftp://127.0.0.1/',
])('credentials are not sent to %s, even if the metadata name it [R-27 R-30]', async (tokenEndpoint) => {
  const server = await startAuthorizationServer({ metadata: { token_endpoint: tokenEndpoint } });
  const asked: string[] = [];
  const { failure } = granting({
    issuer: server.origin,
    fetch: (input, init) => {
      asked.push(new Request(input).url);
      return fetch(input, init);
    },
  });

  const error = await failure();

  expect(error).toBeInstanceOf(ConfigurationError);
  expect(String(error)).toMatch(/only https, or http to this machine/);
  expect(asked).toEqual([`${server.origin}/.well-known/oauth-authorization-server`]);
});

test('the option "fetch" sends every request, with a deadline and without redirects', async () => {
  const server = await startAuthorizationServer({ metadata: {} });
  const seen: RequestInit[] = [];
  const { tokens } = granting({
    issuer: server.origin,
    fetch: (input, init) => {
      seen.push(init ?? {});
      return fetch(input, init);
    },
  });

  await tokens.getToken();

  expect(seen.map(({ method, redirect, signal }) => [method, redirect, signal?.aborted])).toEqual([
    ['GET', 'manual', false],
    ['POST', 'manual', false],
  ]);
});

test('nothing is sent to http on another machine, and the query is not shown [R-27 R-30]', async () => {
  const asked: unknown[] = [];
  const { failure } = granting({
    tokenEndpoint: 'http://auth.example/token?key=k3y',
    fetch: (input) => Promise.reject(asked.push(input)),
  });

  const error = await failure();

  expect(error).toBeInstanceOf(ConfigurationError);
  expect(String(error)).toContain('no request is sent to http://auth.example/token: only https');
  expect(String(error)).not.toContain('k3y');
  expect(asked).toEqual([]);
});

test('a status above 599 is an outage', async () => {
  const server = await startAuthorizationServer();
  const { failure } = granting({ tokenEndpoint: server.tokenEndpoint });
  server.script({ status: 799 });

  const error = await failure();

  expect(error).toBeInstanceOf(GrantUnavailableError);
  expect(error).toMatchObject({ status: 799 });
});

test('a token endpoint with a user and a password gets no request, and the message names neither [F15]', async () => {
  const server = await startAuthorizationServer({ metadata: { token_endpoint: 'http://us3r:p4ss@127.0.0.1:9/token' } });
  const { failure } = granting({ issuer: new URL(server.tokenEndpoint).origin });

  const error = await failure();

  expect(error).toBeInstanceOf(ConfigurationError);
  expect(String(error)).toContain(
    'no request is sent to http://127.0.0.1:9/token: its URL contains a user name or a password',
  );
  expect(linesThatShow('us3r', error)).toEqual([]);
});
