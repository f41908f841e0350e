import { execFile } from 'node:child_process';
import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { promisify } from 'node:util';

import { expect, test } from '@jest/globals';

import { granted, refused, startAuthorizationServer } from '../support/authorization-server.js';
import { startDpopSurroundings } from '../support/dpop-service.js';
import { freePort } from '../support/free-port.js';
import { type RecordedRequest, startHttpServer } from '../support/http-server.js';
import { test as redisTest } from '../support/redis.js';
import { rejected, startResourceServer } from '../support/resource-server.js';
import { type Outcome, runProgram } from '../support/run-program.js';
import { temporaryFolder } from '../support/temporary-folder.js';

// Each example runs in a process of its own.
const timeoutMs = 60_000;
const secret = 'a-secret-of-a-client';

async function servers() {
  const authorizationServer = await startAuthorizationServer({ metadata: {} });
  const api = await startResourceServer();
  const environment = { OAUTH_ISSUER: authorizationServer.origin, CLIENT_SECRET: secret, API_URL: api.origin };
  return { authorizationServer, api, environment };
}

const runExample = (file: string, environment: Readonly<Record<string, string>>): Promise<Outcome> =>
  runProgram(`examples/${file}`, { environment });

const sent = ({ method, path, headers }: RecordedRequest) => `${method} ${path} ${headers.authorization ?? 'no token'}`;
const basic = (id: string) => `Basic ${Buffer.from(`${id}:${secret}`).toString('base64')}`;

test(
  'axios.ts reads the orders with a token',
  async () => {
    const { authorizationServer, api, environment } = await servers();

    const outcome = await runExample('axios.ts', environment);

    expect(outcome).toEqual({ exitCode: 0, stdout: "200 { method: 'GET', path: '/orders', body: '' }\n", stderr: '' });
    expect(authorizationServer.grants).toHaveLength(1);
    expect(authorizationServer.grants[0]).toMatchObject({
      headers: { authorization: basic('orders-service') },
      body: 'scope=orders%3Aread&grant_type=client_credentials',
    });
    expect(api.requests.map(sent)).toEqual(['GET /orders Bearer token-1']);
  },
  timeoutMs,
);

test(
  'fetch.ts resends an order after a 401, and sends requests with another token and without one [E21]',
  async () => {
    const { authorizationServer, api, environment } = await servers();
    api.revoke('token-1');

    const outcome = await runExample('fetch.ts', environment);

    expect(outcome).toEqual({
      exitCode: 0,
      stdout: "200 { method: 'POST', path: '/orders', body: 'an order' }\n200 401\n",
      stderr: '',
    });
    expect(authorizationServer.grants.map(({ body }) => new URLSearchParams(body).get('scope'))).toEqual([
      'orders:read',
      'orders:read',
      'orders:write',
    ]);
    expect(api.requests.map(sent)).toEqual([
      'POST /orders Bearer token-1',
      'POST /orders Bearer token-2',
      'GET /orders Bearer token-3',
      'GET /health no token',
    ]);
  },
  timeoutMs,
);

test(
  'undici.ts resends an order after a 401, and sends a request without a token [E18]',
  async () => {
    const { api, environment } = await servers();
    api.revoke('token-1');

    const outcome = await runExample('undici.ts', environment);

    expect(outcome).toEqual({
      exitCode: 0,
      stdout: "200 { method: 'POST', path: '/orders', body: 'an order' }\n401\n",
      stderr: '',
    });
    expect(api.requests.map(sent)).toEqual([
      'POST /orders Bearer token-1',
      'POST /orders Bearer token-2',
      'GET /health no token',
    ]);
  },
  timeoutMs,
);

test.each([
  ['openapi-fetch', '/orders', '{"quantity":3}', `{ method: 'POST', path: '/orders', body: '{"quantity":3}' }`],
  ['octokit', '/repos/acme/orders/issues', '{"title":"An issue"}', '200 {'],
  ['openai', '/v1/chat/completions', '"content":"How are you?"', 'Fine'],
  ['ky', '/orders', '{"quantity":3}', `{ method: 'POST', path: '/orders', body: '{"quantity":3}' }`],
])(
  '%s.ts sends what its SDK has made again after a 401 [E1 E9]',
  async (name, path, body, stdout) => {
    const { api, environment } = await servers();
    api.answer((request) => {
      if (request.headers.authorization === 'Bearer token-1') return rejected();
      const { method, path: asked, body: received } = request;
      const choices = name === 'openai' ? { choices: [{ message: { content: 'Fine' } }] } : {};
      return { body: { method, path: asked, body: received, ...choices } };
    });

    const outcome = await runExample(`${name}.ts`, environment);

    expect(outcome).toMatchObject({ exitCode: 0, stderr: '' });
    expect(outcome.stdout).toContain(stdout);
    expect(api.requests.slice(0, 2).map(sent)).toEqual([`POST ${path} Bearer token-1`, `POST ${path} Bearer token-2`]);
    expect(api.requests[0]?.body).toContain(body);
    expect(api.requests[1]?.body).toBe(api.requests[0]?.body);
  },
  timeoutMs,
);

test.each([
  ['status 401', rejected()],
  ['status 200 and an error', { body: { data: null, errors: [{ extensions: { code: 'UNAUTHENTICATED' } }] } }],
])(
  'graphql-request.ts sends its query again when the token is rejected by %s [E1]',
  async (_, rejection) => {
    const { api, environment } = await servers();
    api.answer(({ headers }) =>
      headers.authorization === 'Bearer token-1'
        ? rejection
        : { body: { data: { orders: [{ id: '7' }, { id: '9' }] } } },
    );

    const outcome = await runExample('graphql-request.ts', environment);

    expect(outcome).toEqual({ exitCode: 0, stdout: 'orders 7, 9\n', stderr: '' });
    expect(api.requests.map(sent)).toEqual(['POST /graphql Bearer token-1', 'POST /graphql Bearer token-2']);
    expect(JSON.parse(api.requests[1]?.body ?? '')).toMatchObject({ variables: { first: 2 } });
  },
  timeoutMs,
);

test(
  'got/main.ts resends an order, and ends with the error of a grant',
  async () => {
    const { authorizationServer, api, environment } = await servers();
    api.revoke('token-1');

    const resent = await runExample('got/main.ts', environment);
    authorizationServer.script(refused('invalid_client', { status: 401 }));
    const failed = await runExample('got/main.ts', environment);

    expect(resent).toEqual({
      exitCode: 0,
      stdout: `{ method: 'POST', path: '/orders', body: '{"quantity":3}' }\n`,
      stderr: '',
    });
    expect(api.requests.map(sent)).toEqual(['POST /orders Bearer token-1', 'POST /orders Bearer token-2']);
    expect(failed).toMatchObject({ exitCode: 1, stdout: '' });
    expect(failed.stderr).toMatch(/^ERR_GRANT_REJECTED .*"orders-service".*invalid_client/);
  },
  timeoutMs,
);

test.each(['mcp.ts', 'mcp-v2.ts'])(
  '%s lists the tools of an MCP server whose metadata name the authorization server, and replaces a rejected token [R-81 R-82]',
  async (file) => {
    const { authorizationServer, api, environment } = await servers();
    const resource = `${api.origin}/mcp`;
    const metadata = { resource, authorization_servers: [authorizationServer.origin] };
    api.answer(({ method, path, headers, body }) => {
      if (path === '/.well-known/oauth-protected-resource/mcp') return { body: metadata };
      if (headers.authorization !== 'Bearer token-2') return rejected();
      if (method !== 'POST') return { status: 405 };
      const { id, method: called } = JSON.parse(body) as { id?: number; method: string };
      const serverInfo = { name: 'orders', version: '1' };
      const results: Readonly<Record<string, object>> = {
        initialize: { protocolVersion: '2025-06-18', capabilities: { tools: {} }, serverInfo },
        'tools/list': { tools: [{ name: 'read_orders', inputSchema: { type: 'object' } }] },
      };
      return id === undefined ? { status: 202 } : { body: { jsonrpc: '2.0', id, result: results[called] ?? {} } };
    });
    const { OAUTH_ISSUER, CLIENT_SECRET } = environment;

    const outcome = await runExample(file, { OAUTH_ISSUER, CLIENT_SECRET, MCP_URL: resource });

    expect(outcome).toEqual({ exitCode: 0, stdout: 'tools read_orders\n', stderr: '' });
    expect(authorizationServer.grants.map(({ body }) => new URLSearchParams(body).get('resource'))).toEqual([
      resource,
      resource,
    ]);
  },
  timeoutMs,
);

test(
  'multi-tenant.ts has a client and a token for each tenant [E21]',
  async () => {
    const { authorizationServer, api, environment } = await servers();

    const { exitCode, stdout, stderr } = await runExample('multi-tenant.ts', {
      ...environment,
      ACME_SECRET: secret,
      GLOBEX_SECRET: secret,
    });

    expect({ exitCode, stderr }).toEqual({ exitCode: 0, stderr: '' });
    expect(stdout.trim().split('\n').slice(0, 9)).toEqual([
      'acme grant.succeeded',
      'acme token.awaited',
      '/acme/orders 200',
      'globex grant.succeeded',
      'globex token.awaited',
      '/globex/orders 200',
      '/acme/orders 200',
      'initech token.unavailable',
      '/initech/orders there is no tenant initech',
    ]);
    expect(authorizationServer.grants.map(({ headers }) => headers.authorization)).toEqual([
      basic('orders-of-acme'),
      basic('orders-of-globex'),
    ]);
    expect(api.requests.map(sent)).toEqual([
      'GET /acme/orders Bearer token-1',
      'GET /globex/orders Bearer token-2',
      'GET /acme/orders Bearer token-1',
    ]);
  },
  timeoutMs,
);

test(
  'logging.ts logs the first grant, the rejected token and the counts, and nothing secret',
  async () => {
    const { api, environment } = await servers();
    api.revoke('token-1');

    const { exitCode, stdout, stderr } = await runExample('logging.ts', environment);

    expect({ exitCode, stderr }).toEqual({ exitCode: 0, stderr: '' });
    const lines = stdout
      .trim()
      .split('\n')
      .map((line) => JSON.parse(line) as Record<string, unknown>);
    expect(lines.map(({ type, msg }) => type ?? msg)).toEqual(['grant.succeeded', 'request.resent', 'orders read']);
    expect(lines.at(-1)).toMatchObject({
      name: 'orders-service',
      status: 200,
      counts: { 'grant.succeeded': 2, 'request.resent': 1 },
    });
    expect(stdout).not.toMatch(/token-\d/);
    expect(stdout).not.toContain(secret);
    expect(stdout).not.toContain(basic('orders-service').slice('Basic '.length));
  },
  timeoutMs,
);

test(
  'kubernetes-probe.ts is ready after the first grant, and not ready if it fails',
  async () => {
    const { authorizationServer, environment } = await servers();
    const ready = await runExample('kubernetes-probe.ts', environment);
    authorizationServer.script(refused('invalid_client', { status: 401 }));
    const unready = await runExample('kubernetes-probe.ts', environment);

    const parsed = ({ stdout }: Outcome) => {
      const [live, state = ''] = stdout.trim().split('\n');
      return { live, status: state.slice(0, '/readyz 200'.length), ...(JSON.parse(state.slice(11)) as object) };
    };
    expect([ready, unready]).toMatchObject(Array.from({ length: 2 }, () => ({ exitCode: 0, stderr: '' })));
    expect(parsed(ready)).toMatchObject({
      live: '/healthz 200 ',
      status: '/readyz 200',
      isReady: true,
      tokens: [{ requestedScope: 'orders:read', expiresAt: expect.any(Number) }],
    });
    expect(parsed(unready)).toMatchObject({
      live: '/healthz 200 ',
      status: '/readyz 503',
      isReady: false,
      tokens: [{ requestedScope: 'orders:read', lastErrorCode: 'ERR_GRANT_REJECTED' }],
    });
    expect(ready.stdout + unready.stdout).not.toMatch(/token-1|a-secret/);
  },
  timeoutMs,
);

test(
  'token-exchange.ts has a token for each user',
  async () => {
    const { authorizationServer, api, environment } = await servers();

    const { exitCode, stdout, stderr } = await runExample('token-exchange.ts', environment);

    expect({ exitCode, stdout, stderr }).toEqual({ exitCode: 0, stdout: 'invoices 200\n'.repeat(3), stderr: '' });
    const subjects = authorizationServer.grants.map(({ body }) => new URLSearchParams(body).get('subject_token'));
    expect(subjects).toEqual(['token-of-anna', 'token-of-ben']);
    expect(api.requests.map(({ headers }) => headers.authorization)).toEqual(
      ['token-1', 'token-2', 'token-1'].map((token) => `Bearer ${token}`),
    );
  },
  timeoutMs,
);

test(
  'jwt-bearer.ts sends the token of one server as assertion to another',
  async () => {
    const [{ authorizationServer: own, environment }, { authorizationServer: partner, api }] = [
      await servers(),
      await servers(),
    ];
    own.script(granted('own-token'));
    partner.script(granted('partner-token'));

    const outcome = await runExample('jwt-bearer.ts', {
      ...environment,
      PARTNER_ISSUER: partner.origin,
      API_URL: api.origin,
    });

    expect(outcome).toEqual({ exitCode: 0, stdout: 'orders 200\n', stderr: '' });
    const [grant] = partner.grants.map(({ body }) => Object.fromEntries(new URLSearchParams(body)));
    expect(grant).toEqual({
      assertion: 'own-token',
      grant_type: 'urn:ietf:params:oauth:grant-type:jwt-bearer',
      scope: 'orders:read',
    });
    expect(api.requests.map(sent)).toEqual(['GET /orders Bearer partner-token']);
  },
  timeoutMs,
);

test(
  'opentelemetry.ts prints the span and the metrics of the first grant',
  async () => {
    const { environment } = await servers();
    const port = await freePort();

    const { exitCode, stdout, stderr } = await runExample('opentelemetry.ts', {
      ...environment,
      METRICS_PORT: `${port}`,
    });

    expect({ exitCode, stderr }).toEqual({ exitCode: 0, stderr: '' });
    expect(stdout).toContain("name: 'm2m.token.grant'");
    expect(stdout).toMatch(/^m2m_token_grant_duration_count\{m2m_client_name="orders",.*\} 1$/m);
    expect(stdout).toMatch(/^m2m_token_expiration\{.*\} 1\d{9}/m);
    expect(stdout).not.toMatch(/token-1|a-secret/);
  },
  timeoutMs,
);

test(
  'prom-client.ts prints the metrics of the first grant',
  async () => {
    const { environment } = await servers();

    const { exitCode, stdout, stderr } = await runExample('prom-client.ts', environment);

    expect({ exitCode, stderr }).toEqual({ exitCode: 0, stderr: '' });
    const labels = 'm2m_client_name="orders-service",server_address="127.0.0.1",oauth_grant_type="client_credentials"';
    const lines = stdout.split('\n').filter((line) => line !== '' && !line.startsWith('#'));
    expect(lines).toEqual([
      expect.stringMatching(new RegExp(`^m2m_token_expiration_seconds{${labels}} 1\\d{9}\\.?\\d*$`)),
      expect.stringMatching(new RegExp(`^m2m_token_renewed_seconds{${labels}} 1\\d{9}\\.?\\d*$`)),
      `m2m_token_renewal_failing{${labels}} 0`,
      `m2m_cache_size{${labels}} 1`,
      `m2m_clock_skew_seconds{${labels}} 0`,
      ...Object.entries({ memory: 0, shared_store: 0, grant: 1, joined: 0, error: 0 }).map(
        ([source, count]) => `m2m_token_requests_total{${labels},m2m_token_source="${source}"} ${count}`,
      ),
    ]);
  },
  timeoutMs,
);

test(
  'from-environment.ts starts with a token, and does not start if the grant is rejected',
  async () => {
    const { authorizationServer, api, environment } = await servers();
    authorizationServer.script(({ headers }) =>
      headers.authorization === basic('reports') ? granted('token-1') : refused('unauthorized_client'),
    );
    const { OAUTH_ISSUER, API_URL } = environment;
    const start = (OAUTH_CLIENT_ID: string) =>
      runExample('from-environment.ts', { OAUTH_ISSUER, OAUTH_CLIENT_ID, OAUTH_CLIENT_SECRET: secret, API_URL });

    const [known, unknown] = await Promise.all([start('reports'), start('rumours')]);

    expect(known).toEqual({ exitCode: 0, stdout: 'ready\norders 200\n', stderr: '' });
    expect(unknown).toMatchObject({ exitCode: 1, stdout: '' });
    expect(unknown.stderr).toMatch(/^ERR_GRANT_REJECTED .*"rumours".*unauthorized_client/);
    expect(authorizationServer.grants).toHaveLength(2);
    expect(api.requests.map(sent)).toEqual(['GET /orders Bearer token-1']);
  },
  timeoutMs,
);

test(
  'static-token.ts sends the API key, except in a request without a token',
  async () => {
    const { authorizationServer, api, environment } = await servers();

    const outcome = await runExample('static-token.ts', { API_KEY: 'key-of-the-portal', API_URL: environment.API_URL });

    expect(outcome).toEqual({ exitCode: 0, stdout: 'orders 200\nhealth 401\n', stderr: '' });
    expect(authorizationServer.requests).toEqual([]);
    expect(api.requests.map(sent)).toEqual(['GET /orders Bearer key-of-the-portal', 'GET /health no token']);
  },
  timeoutMs,
);

test(
  'client-secret-file.ts takes the secret from a file that ends with a newline',
  async () => {
    const { authorizationServer, api, environment } = await servers();
    const { OAUTH_ISSUER, API_URL } = environment;
    const folder = await temporaryFolder();
    const SECRET_FILE = join(folder, 'orders-service');
    await writeFile(SECRET_FILE, `${secret}\n`);

    const outcome = await runExample('client-secret-file.ts', { OAUTH_ISSUER, SECRET_FILE, API_URL });

    expect(outcome).toEqual({ exitCode: 0, stdout: 'orders 200\n', stderr: '' });
    expect(authorizationServer.grants.map(({ headers }) => headers.authorization)).toEqual([basic('orders-service')]);
    expect(api.requests.map(sent)).toEqual(['GET /orders Bearer token-1']);
  },
  timeoutMs,
);

test(
  'dpop.ts proves possession of a key to both servers, answers their nonces and revokes its token [R-63 R-69 R-76]',
  async () => {
    const { authorizationServer, api, atApi, atTokenEndpoint } = await startDpopSurroundings();
    const revocations = await startHttpServer(() => ({}));
    const issuer = await startHttpServer(({ path }) =>
      path === '/.well-known/oauth-authorization-server'
        ? {
            body: {
              issuer: issuer.origin,
              token_endpoint: authorizationServer.tokenEndpoint,
              revocation_endpoint: `${revocations.origin}/revoke`,
            },
          }
        : { status: 404 },
    );
    atApi.require('nonce-of-api');
    atTokenEndpoint.require('nonce-of-server');
    const environment = { OAUTH_ISSUER: issuer.origin, CLIENT_SECRET: secret, API_URL: api.origin };

    const outcome = await runExample('dpop.ts', environment);

    expect(outcome).toEqual({ exitCode: 0, stdout: 'orders 200\nrevoked true\n', stderr: '' });
    expect(api.requests.map(sent)).toEqual(['GET /orders DPoP token-1', 'GET /orders DPoP token-1']);
    expect(authorizationServer.grants).toHaveLength(2);
    expect(new URLSearchParams(revocations.requests[0]?.body).get('token')).toBe('token-1');
  },
  timeoutMs,
);

redisTest(
  'fleet.ts starts three processes, which make one grant [D5]',
  async () => {
    // It starts itself again, so it must be a file.
    const { stdout, stderr } = await promisify(execFile)('node_modules/.bin/tsx', ['examples/fleet.ts'], {
      cwd: join(import.meta.dirname, '../..'),
      env: { PATH: process.env['PATH'] },
    });

    expect({ stdout, stderr }).toEqual({ stdout: '3 processes have a token, grants: 1\n', stderr: '' });
  },
  timeoutMs,
);
