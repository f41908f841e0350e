import { expect, test } from '@jest/globals';

import { checkProxy } from '../../../../../src/cli/commands/doctor/checks/proxy.js';

const url = new URL('https://auth.example.com/x');
const HTTPS_PROXY = 'http://user:c4n4ry@proxy.example.com:3128';
const direct = { host: 'auth.example.com', port: 443, isProxied: false };
const proxied = { host: 'proxy.example.com', port: 3128, isProxied: true };

test('without a proxy there is nothing to tell', () => {
  expect(checkProxy(url, { HTTP_PROXY: HTTPS_PROXY }, 'v20.20.2')).toEqual({ route: direct, findings: [] });
  expect(checkProxy(new URL('http://[::1]:8080'), {}, 'v20.20.2').route).toEqual({
    host: '::1',
    port: 8080,
    isProxied: false,
  });
  expect(checkProxy(new URL('http://a'), {}, 'v20.20.2').route.port).toBe(80);
});

test.each([
  ['v20.20.2', {}, /^run this with Node 22\.21, 24\.5 or newer and NODE_USE_ENV_PROXY=1/],
  ['v20.20.2', { NODE_USE_ENV_PROXY: '1' }, /^run this with Node 22\.21/],
  ['v22.20.0', { NODE_USE_ENV_PROXY: '1' }, /^run this with Node 22\.21/],
  ['v24.5.0', {}, /^run this with NODE_USE_ENV_PROXY=1/],
])('found: a proxy that Node %s does not use with %j', (version, env, advice) => {
  const { route, findings } = checkProxy(url, { HTTPS_PROXY, ...env }, version);

  expect(route).toEqual(direct);
  expect(findings).toMatchObject([{ verdict: 'doubtful', advice: expect.stringMatching(advice) }]);
  expect(findings[0]?.what).toContain('HTTPS_PROXY (http://proxy.example.com:3128) is set');
});

test.each(['v22.21.0', 'v24.5.0', 'v26.0.0'])('the proxy that Node %s uses, without its password [F4]', (version) => {
  const { route, findings } = checkProxy(url, { https_proxy: HTTPS_PROXY, NODE_USE_ENV_PROXY: '1' }, version);

  expect(route).toEqual(proxied);
  expect(findings).toEqual([
    { verdict: 'good', what: 'requests to auth.example.com go through https_proxy (http://proxy.example.com:3128)' },
  ]);
});

test.each(['auth.example.com', '.example.com', '*.example.com', 'example.com', '*', 'a, auth.example.com'])(
  'NO_PROXY=%s leaves the server out',
  (NO_PROXY) => {
    const { route, findings } = checkProxy(url, { HTTPS_PROXY, NO_PROXY }, 'v20.20.2');

    expect(route).toEqual(direct);
    expect(findings).toMatchObject([{ verdict: 'good' }]);
  },
);

test('NO_PROXY for a name that only ends alike does not', () => {
  expect(checkProxy(url, { HTTPS_PROXY, NO_PROXY: 'ample.com' }, 'v20.20.2').findings).toMatchObject([
    { verdict: 'doubtful' },
  ]);
});
