import { describe, expect, test } from '@jest/globals';

import { ConfigurationError, GrantUnavailableError } from '../../src/core/errors.js';
import { dangerouslyAllowHttp } from '../../src/core/insecure-url.js';
import { ownRequests } from '../../src/core/secure-url.js';
import { url, type UrlOptions } from '../../src/identity/index.js';
import { identityEndpointContract } from '../contracts/identity-endpoint.js';
import { failureOf, linesThatShow } from '../support/grant-outcome.js';
import { outerAddress, startHttpServer } from '../support/http-server.js';

const audience = 'https://auth.example.com';
const headers = { 'x-api-key': 's3cret-key' };

identityEndpointContract('url with a text', {
  make: (origin, clock) => url({ url: `${origin}/token?for=orders`, headers, audience, clock }),
  issued: (token) => ({ body: `${String(token)}\n` }),
  request: { path: '/token?for=orders', headers },
  audience,
  rejections: [
    [{ status: 401 }, /check "url" and "headers"/],
    [{ status: 404, body: { error: 'unknown' } }, /"unknown".*check "url"/],
  ],
  transients: [],
  secrets: ['s3cret-key'],
});

identityEndpointContract('url with JSON', {
  make: (origin, clock) => url({ url: `${origin}/token`, format: { member: 'id_token' }, audience, clock }),
  issued: (token) => ({ body: { id_token: token } }),
  request: { path: '/token', headers: {} },
  audience,
  rejections: [[{ status: 403 }, /check "url"/]],
  transients: [],
  secrets: [],
});

describe('url', () => {
  test('names the member that a JSON response lacks', async () => {
    const server = await startHttpServer(() => ({ body: { token: 'a' } }));

    const error = await failureOf(url({ url: server.origin, format: { member: 'id_token' } })());

    expect(error).toBeInstanceOf(ConfigurationError);
    expect(String(error)).toContain('has no string in the member "id_token": check "format"');
  });

  test('sends a request to https with the option "fetch", as a request of the library', async () => {
    const counts: unknown[] = [];
    const source = url({
      url: 'https://tokens.example/a',
      fetch: async (input) => {
        counts.push(ownRequests().get(input as string));
        return new Response('token');
      },
    });

    expect(await source()).toBe('token');
    expect([counts, ownRequests().size]).toEqual([[1], 0]);
  });

  test('keeps the request out of the error of a user-supplied fetch', async () => {
    const source = url({
      url: 'https://tokens.example/a?key=s3cret-key',
      headers,
      fetch: async (_input, init) => {
        throw Object.assign(new TypeError(`failed: ${JSON.stringify(init?.headers)}`), { code: 'ENOTFOUND' });
      },
    });

    const error = await failureOf(source());

    expect(error).toBeInstanceOf(GrantUnavailableError);
    expect(String(error)).toContain('https://tokens.example/a could not be reached (ENOTFOUND)');
    expect(linesThatShow('s3cret-key', error)).toEqual([]);
  });

  test('asks another machine by http only if that is allowed', async () => {
    const server = await startHttpServer(() => ({ body: 'token' }), outerAddress);

    expect(() => url({ url: server.origin })).toThrow(/only https, or http to this machine.*dangerouslyAllowHttp/);
    expect(await url({ url: dangerouslyAllowHttp(server.origin) })()).toBe('token');
  });

  test.each(['http://169.254.169.254/token', 'http://[fe80::1]/token', 'http://localhost:1/', 'https://a.example'])(
    'takes %s',
    (address) => {
      expect(() => url({ url: address })).not.toThrow();
    },
  );

  test.each<[object, RegExp]>([
    [{ url: 'token' }, /"url" of url must be an absolute URL/],
    [{ url: 'ftp://127.0.0.1/' }, /no request is sent to ftp/],
    [{ url: 'http://169.254.evil.example/' }, /no request is sent/],
    [{ url: 'https://user:s3cret-key@a.example/' }, /must not contain a user name or a password/],
    [{ url: 'https://a.example', headers: { 'a b': 'c' } }, /"headers" of url/],
    [{ url: 'https://a.example', headers: { a: 's3cret-key\n' } }, /"headers" of url/],
    [{ url: 'https://a.example', format: 'json' }, /"format" of url must be "text" or/],
    [{ url: 'https://a.example', format: { member: '' } }, /"format" of url must be "text" or/],
    [{ url: 'https://a.example', audiences: 'a' }, /no option "audiences"; did you mean "audience"/],
  ])('refuses %j', (options, message) => {
    const make = () => url(options as UrlOptions);

    expect(make).toThrow(ConfigurationError);
    expect(make).toThrow(message);
    expect(make).not.toThrow('s3cret-key');
  });
});
