import { expect, test } from '@jest/globals';

import { granted, refused, startAuthorizationServer } from '../support/authorization-server.js';
import { startResourceServer } from '../support/resource-server.js';
import { type Outcome, runProgram } from '../support/run-program.js';

const timeoutMs = 60_000;
const clientSecret = 'a-secret-of-a-client';

const runTour = (environment: Readonly<Record<string, string>> = {}): Promise<Outcome> =>
  runProgram('examples/tour/main.ts', { environment });

async function ownServers() {
  const authorizationServer = await startAuthorizationServer();
  const api = await startResourceServer();
  const environment = {
    OAUTH_TOKEN_ENDPOINT: authorizationServer.tokenEndpoint,
    OAUTH_CLIENT_ID: 'orders-service',
    OAUTH_CLIENT_SECRET: clientSecret,
    API_URL: `${api.origin}/orders?page=1`,
  };
  return { authorizationServer, api, environment };
}

test(
  'with API_URL set, the tour calls that API with a token from the authorization server in the environment',
  async () => {
    const { authorizationServer, api, environment } = await ownServers();
    authorizationServer.script(granted('token-of-the-tour', { scope: 'orders:read' }));

    const { exitCode, stdout, stderr } = await runTour(environment);

    expect({ exitCode, stderr }).toEqual({ exitCode: 0, stderr: '' });
    expect(stdout).toContain(`grant: a token for 3600 s from ${authorizationServer.tokenEndpoint}`);
    expect(stdout).toContain('scope: orders:read');
    expect(stdout).toContain(`response: 200 OK to GET ${api.origin}/orders\n`);
    expect(stdout).not.toMatch(/token-of-the-tour|a-secret-of-a-client/);
    expect(api.requests.map(({ path, headers }) => [path, headers.authorization])).toEqual([
      ['/orders?page=1', 'Bearer token-of-the-tour'],
    ]);
  },
  timeoutMs,
);

test(
  'when the call fails, the tour says in two lines what happened and what to do',
  async () => {
    const refusing = await ownServers();
    refusing.authorizationServer.script(refused('invalid_client', { status: 401 }));
    const forbidding = await ownServers();
    forbidding.api.answer(() => ({ status: 403 }));

    const outcomes = await Promise.all([
      runTour(refusing.environment),
      runTour({ ...refusing.environment, OAUTH_CLIENT_ID: '' }),
      runTour({ ...refusing.environment, API_URL: 'orders' }),
      runTour(forbidding.environment),
    ]);

    expect(outcomes.map(({ exitCode }) => exitCode)).toEqual([1, 1, 1, 1]);
    expect(outcomes.map(({ stderr }) => stderr)).toEqual([
      expect.stringMatching(/^✗ ERR_GRANT_REJECTED: .*invalid_client.*\n {2}check OAUTH_CLIENT_ID, .*\n$/),
      expect.stringMatching(/^✗ ERR_CONFIGURATION: .*OAUTH_CLIENT_ID is missing\n {2}check .*\n$/),
      '✗ API_URL is not a URL\n  set it to the URL of a GET request\n',
      expect.stringMatching(/^✗ GET http:.*\/orders responded with 403 Forbidden\n {2}.* OAUTH_SCOPE .*\n$/),
    ]);
    expect(refusing.api.requests).toEqual([]);
    expect(forbidding.api.requests).toHaveLength(1);
  },
  timeoutMs,
);
