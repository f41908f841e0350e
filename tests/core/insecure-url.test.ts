import { expect, jest, test } from '@jest/globals';

import type { TokenEvent } from '../../src/core/events.js';
import { allowHttp, dangerouslyAllowHttp, httpOrigins, isInsecureUrl } from '../../src/core/insecure-url.js';
import { cleanUp } from '../support/clean-up.js';

test('keeps the URL as it was given, and cannot be changed [G1]', () => {
  const url = dangerouslyAllowHttp('http://auth/realms/shop');

  expect(url.href).toBe('http://auth/realms/shop');
  expect(JSON.stringify(url)).toBe('{"href":"http://auth/realms/shop"}');
  expect(Object.isFrozen(url)).toBe(true);
});

test.each(['https://auth.example.com', 'auth:8080', '/token', 'ftp://auth', 'file:///etc/passwd'])(
  'takes no URL but one with http, which %s is not [G1]',
  (url) => {
    expect(() => dangerouslyAllowHttp(url)).toThrow(
      expect.objectContaining({
        code: 'ERR_CONFIGURATION',
        message: expect.stringMatching(/^"url" of dangerouslyAllowHttp must be an absolute http URL/),
      }),
    );
  },
);

test('is recognised by another copy of the package, and nothing else is [G1]', async () => {
  const here = dangerouslyAllowHttp('http://auth');
  jest.resetModules();
  const copy = await import('../../src/core/insecure-url.js');

  expect(copy.dangerouslyAllowHttp).not.toBe(dangerouslyAllowHttp);
  expect(copy.isInsecureUrl(here)).toBe(true);
  expect(isInsecureUrl(copy.dangerouslyAllowHttp('http://auth'))).toBe(true);
  for (const each of [{ href: 'http://auth' }, new URL('http://auth'), { ...here }, null, 'http://auth']) {
    expect(isInsecureUrl(each)).toBe(false);
  }
});

test('counts for other machines only, and a name below localhost is one [G1]', () => {
  const urls = [
    'http://localhost:8080',
    'http://127.0.0.1',
    'http://auth:8080/a',
    'http://auth:8080/b',
    'http://api.localhost',
  ];

  expect(httpOrigins([...urls.map(dangerouslyAllowHttp), 'http://orders', undefined])).toEqual([
    'http://auth:8080',
    'http://api.localhost',
  ]);
});

/** Allows http to `http://auth` with these environment variables. */
function allowWith(variables: Readonly<Record<string, string>>) {
  cleanUp(() => {
    for (const name of Object.keys(variables)) delete process.env[name];
  });
  Object.assign(process.env, variables);
  const events: TokenEvent[] = [];
  const allow = () => allowHttp([dangerouslyAllowHttp('http://auth')], (event) => events.push(event));
  return { allow, events };
}

test.each<[string, Readonly<Record<string, string>>, RegExp]>([
  ['upper', { NODE_USE_ENV_PROXY: '1', HTTP_PROXY: 'http://proxy' }, /proxy of HTTP_PROXY.*add auth to NO_PROXY$/],
  ['lower', { NODE_USE_ENV_PROXY: '1', http_proxy: 'http://proxy' }, /proxy of http_proxy.*add auth to NO_PROXY$/],
])('is never sent through a proxy that Node.js uses, its variable in %s case [G1]', (_, variables, message) => {
  const { allow, events } = allowWith(variables);

  expect(allow).toThrow(
    expect.objectContaining({ code: 'ERR_CONFIGURATION', message: expect.stringMatching(message) }),
  );
  expect(events).toEqual([]);
});

test.each<[string, Readonly<Record<string, string>>]>([
  ['a proxy that NO_PROXY excludes', { NODE_USE_ENV_PROXY: '1', HTTP_PROXY: 'http://proxy', NO_PROXY: 'auth' }],
  ['a proxy that Node.js ignores', { HTTP_PROXY: 'http://proxy' }],
  ['a proxy for https', { NODE_USE_ENV_PROXY: '1', HTTPS_PROXY: 'http://proxy' }],
  ['a variable that Node.js does not read', { NODE_USE_ENV_PROXY: '1', ALL_PROXY: 'http://proxy' }],
])('is allowed, and one event says so, with %s [G1]', (_, variables) => {
  const { allow, events } = allowWith(variables);

  expect(allow()).toEqual(['http://auth']);
  expect(events).toEqual([{ type: 'http.allowed', origins: ['http://auth'] }]);
});
