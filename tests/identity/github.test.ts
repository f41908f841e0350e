import { describe, expect, test } from '@jest/globals';

import { ConfigurationError } from '../../src/core/errors.js';
import { githubActionsToken } from '../../src/identity/index.js';
import { identityEndpointContract } from '../contracts/identity-endpoint.js';
import { cleanUp } from '../support/clean-up.js';
import { startHttpServer } from '../support/http-server.js';
import { setVariables } from '../support/identity-tokens.js';

const audience = 'https://auth.example.com';
const requestToken = 's3cret-request-token';
const pending = { message: "Can't issue ID_TOKEN for job in 'Pending' state." };

// https://docs.github.com/actions/reference/security/oidc
identityEndpointContract('githubActionsToken', {
  make(origin, clock) {
    const variables = { ACTIONS_ID_TOKEN_REQUEST_URL: `${origin}/idtoken?api-version=2.0` };
    setVariables({ ...variables, ACTIONS_ID_TOKEN_REQUEST_TOKEN: requestToken });
    return githubActionsToken({ audience, clock });
  },
  issued: (token) => ({ body: { count: 1, value: token } }),
  request: {
    path: '/idtoken?api-version=2.0&audience=https%3A%2F%2Fauth.example.com',
    headers: { authorization: `Bearer ${requestToken}` },
  },
  audience,
  rejections: [
    [{ status: 401, body: { message: 'expired' } }, /id-token: write/],
    [{ status: 403, body: { message: 'no permission' } }, /"no permission".*id-token: write/],
  ],
  transients: [{ status: 403, body: pending }],
  secrets: [requestToken],
});

describe('githubActionsToken', () => {
  test('asks an https endpoint with the option "fetch" or the global one, which must not follow a redirect', async () => {
    setVariables({
      ACTIONS_ID_TOKEN_REQUEST_URL: 'https://pipelines.example/token?api-version=2.0',
      ACTIONS_ID_TOKEN_REQUEST_TOKEN: requestToken,
    });
    const calls: unknown[] = [];
    const send: typeof fetch = async (...call) => {
      calls.push(call);
      return Response.json({ value: 'token' });
    };

    const { fetch: globalFetch } = globalThis;
    cleanUp(() => {
      globalThis.fetch = globalFetch;
    });

    expect(await githubActionsToken({ fetch: send })()).toBe('token');
    globalThis.fetch = send;
    expect(await githubActionsToken()()).toBe('token');

    const call = [
      'https://pipelines.example/token?api-version=2.0',
      { redirect: 'manual', headers: { authorization: `Bearer ${requestToken}` } },
    ];
    expect(calls).toMatchObject([call, call]);
  });

  test.each([
    [{ ACTIONS_ID_TOKEN_REQUEST_URL: undefined }, /ACTIONS_ID_TOKEN_REQUEST_URL is missing: .*id-token: write/],
    [{ ACTIONS_ID_TOKEN_REQUEST_TOKEN: '' }, /ACTIONS_ID_TOKEN_REQUEST_TOKEN is missing: .*id-token: write/],
    [{ ACTIONS_ID_TOKEN_REQUEST_URL: 'http://pipelines.example' }, /no request is sent to http:\/\/pipelines\.example/],
  ])('refuses %j when it is made', async (variables, message) => {
    const server = await startHttpServer(() => ({}));
    setVariables({ ACTIONS_ID_TOKEN_REQUEST_URL: server.origin, ACTIONS_ID_TOKEN_REQUEST_TOKEN: 'a', ...variables });
    const make = () => githubActionsToken();

    expect(make).toThrow(ConfigurationError);
    expect(make).toThrow(message);
  });
});
