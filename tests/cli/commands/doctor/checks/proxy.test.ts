import { expect, test } from '@jest/globals';

import { checkProxy } from '../../../../../src/cli/commands/doctor/checks/proxy.js';

const url = new URL('https://auth.example.com/x');
const HTTPS_PROXY = 'http://user:c4n4ry@proxy.example.com:3128';
const direct = { host: 'auth.example.com', port: 443, isProxied: false };
const proxied = { host: 'proxy.example.com', port: 3128, isProxied: true };

/** Checks a URL in an environment that names this proxy for it. */
const check = (env: Record<string, string>, nodeVersion: string, to = url, proxy = HTTPS_PROXY) =>
  checkProxy(to, { env, proxyFor: async () => proxy }, nodeVersion);

test('reports nothing without a proxy', async () => {
  expect(await check({ HTTP_PROXY: HTTPS_PROXY }, 'v20.20.2')).toEqual({ route: direct, findings: [] });
  expect((await check({}, 'v20.20.2', new URL('http://[::1]:8080'))).route).toEqual({
    host: '::1',
    port: 8080,
    isProxied: false,
  });
  expect((await check({}, 'v20.20.2', new URL('http://a'))).route.port).toBe(80);
});

test.each([
  ['v20.20.2', {}, /^run this command with Node\.js 22\.21, 24\.5 or newer and NODE_USE_ENV_PROXY=1/],
  ['v20.20.2', { NODE_USE_ENV_PROXY: '1' }, /^run this command with Node\.js 22\.21/],
  ['v22.20.0', { NODE_USE_ENV_PROXY: '1' }, /^run this command with Node\.js 22\.21/],
  ['v24.5.0', {}, /^run this command with NODE_USE_ENV_PROXY=1/],
])('warns about a proxy that Node.js %s does not use with %j [B12]', async (version, env, advice) => {
  const { route, findings } = await check({ HTTPS_PROXY, ...env }, version);

  expect(route).toEqual(direct);
  expect(findings).toMatchObject([{ verdict: 'warn', advice: expect.stringMatching(advice) }]);
  expect(findings[0]?.what).toContain('HTTPS_PROXY (http://proxy.example.com:3128) is set');
});

test.each(['v22.21.0', 'v24.5.0', 'v26.0.0'])(
  'reports the proxy that Node.js %s uses, without its password [F4]',
  async (version) => {
    const { route, findings } = await check({ https_proxy: HTTPS_PROXY, NODE_USE_ENV_PROXY: '1' }, version);

    expect(route).toEqual(proxied);
    expect(findings).toEqual([
      {
        verdict: 'pass',
        what: 'requests to auth.example.com use the proxy of https_proxy (http://proxy.example.com:3128)',
      },
    ]);
  },
);

test.each(['ALL_PROXY', 'all_proxy'])('warns about %s, which Node.js does not read [B12]', async (variable) => {
  const { route, findings } = await check({ [variable]: HTTPS_PROXY }, 'v24.5.0');

  expect(route).toEqual(direct);
  expect(findings).toMatchObject([{ verdict: 'warn', what: `${variable} is set, but Node.js does not read it` }]);
});

test('reports that NO_PROXY excludes the server', async () => {
  const { route, findings } = await check({ HTTPS_PROXY, NO_PROXY: '.example.com' }, 'v20.20.2', url, '');

  expect(route).toEqual(direct);
  expect(findings).toEqual([{ verdict: 'pass', what: 'NO_PROXY excludes auth.example.com from the proxy' }]);
});
