import { writeFile } from 'node:fs/promises';
import { createServer } from 'node:http';
import { type AddressInfo, connect } from 'node:net';
import { join } from 'node:path';

import { expect, test } from '@jest/globals';

import { granted, startAuthorizationServer } from '../support/authorization-server.js';
import { cleanUp } from '../support/clean-up.js';
import { assertionIn, parametersIn } from '../support/client-assertions.js';
import { clientCertificates } from '../support/client-certificates.js';
import { startHttpServer } from '../support/http-server.js';
import { ca, startTlsServer, thumbprints } from '../support/mutual-tls.js';
import { startResourceServer } from '../support/resource-server.js';
import { type Outcome, runProgram } from '../support/run-program.js';
import { signingKey } from '../support/signing-keys.js';
import { temporaryFolder } from '../support/temporary-folder.js';

// Each example runs in a process of its own.
const timeoutMs = 60_000;

const runExample = (file: string, environment: Readonly<Record<string, string>>): Promise<Outcome> =>
  runProgram(`examples/${file}`, { environment });

async function servers() {
  const [authorizationServer, api] = await Promise.all([
    startAuthorizationServer({ metadata: {} }),
    startResourceServer(),
  ]);
  return { authorizationServer, api, environment: { OAUTH_ISSUER: authorizationServer.origin, API_URL: api.origin } };
}

/** A folder with these files. */
async function folderWith(files: Readonly<Record<string, string>>): Promise<string> {
  const folder = await temporaryFolder();
  await Promise.all(Object.entries(files).map(([name, content]) => writeFile(join(folder, name), content)));
  return folder;
}

test(
  'private-key-jwt.ts signs with the key in the file',
  async () => {
    const { authorizationServer, environment } = await servers();
    const { privateJwk, publicKey } = await signingKey();
    const folder = await folderWith({ 'key.jwk': JSON.stringify({ ...privateJwk, kid: '2026-01' }) });

    const outcome = await runExample('private-key-jwt.ts', { ...environment, KEY_FILE: join(folder, 'key.jwk') });

    expect(outcome).toEqual({ exitCode: 0, stdout: 'orders 200\n', stderr: '' });
    const { header, claims } = await assertionIn(authorizationServer.grants[0], publicKey);
    expect([header.kid, claims.sub]).toEqual(['2026-01', 'orders-service']);
  },
  timeoutMs,
);

test(
  'workload-identity.ts sends the projected token',
  async () => {
    const { authorizationServer, environment } = await servers();
    const folder = await folderWith({ token: 'projected.by.kubernetes' });

    const outcome = await runExample('workload-identity.ts', { ...environment, TOKEN_FILE: join(folder, 'token') });

    expect(outcome).toEqual({ exitCode: 0, stdout: 'orders 200\n', stderr: '' });
    expect(authorizationServer.grants.map(parametersIn)).toMatchObject([
      { client_assertion: 'projected.by.kubernetes' },
    ]);
  },
  timeoutMs,
);

test(
  'cloud-identity.ts sends the token of the managed identity',
  async () => {
    const { authorizationServer, environment } = await servers();
    const metadata = await startHttpServer(() => ({ body: { access_token: 'issued.by.azure', expires_on: 9e9 } }));

    const outcome = await runExample('cloud-identity.ts', {
      ...environment,
      CLIENT_ID: 'orders-service',
      AZURE_POD_IDENTITY_AUTHORITY_HOST: metadata.origin,
    });

    expect(outcome).toEqual({ exitCode: 0, stdout: 'orders 200\n', stderr: '' });
    expect(authorizationServer.grants.map(parametersIn)).toMatchObject([
      { client_id: 'orders-service', client_assertion: 'issued.by.azure', scope: 'api://orders/.default' },
    ]);
  },
  timeoutMs,
);

test(
  'mutual-tls.ts presents its certificate to the authorization server and to the API',
  async () => {
    const server = await startTlsServer(({ method, path }) =>
      method === 'GET' && path.startsWith('/.well-known/')
        ? { body: { issuer: server.origin, token_endpoint: `${server.origin}/token` } }
        : granted('bound'),
    );
    const { certificate, key } = clientCertificates.first;
    const TLS_FOLDER = await folderWith({ 'tls.crt': certificate, 'tls.key': key, 'ca.crt': ca });
    const urls = { OAUTH_ISSUER: server.origin, API_URL: server.origin };

    const outcome = await runExample('mutual-tls.ts', {
      ...urls,
      TLS_FOLDER,
      NODE_EXTRA_CA_CERTS: `${TLS_FOLDER}/ca.crt`,
    });

    expect(outcome).toEqual({ exitCode: 0, stdout: 'orders 200\n', stderr: '' });
    expect(server.requests.slice(-2)).toMatchObject([
      { path: '/token', thumbprint: thumbprints.first },
      { path: '/orders', thumbprint: thumbprints.first, headers: { authorization: 'Bearer bound' } },
    ]);
  },
  timeoutMs,
);

const client = { CLIENT_ID: 'an-id', CLIENT_SECRET: 'a-secret' };

test(
  'auth0-audience.ts gets a token for each API [R-83]',
  async () => {
    const { authorizationServer, environment } = await servers();

    const outcome = await runExample('auth0-audience.ts', { ...environment, ...client });

    expect(outcome).toEqual({ exitCode: 0, stdout: '200 200\n', stderr: '' });
    expect(authorizationServer.grants.map((request) => parametersIn(request)['audience'])).toEqual([
      'https://api.example.com/orders',
      'https://api.example.com/stock',
    ]);
  },
  timeoutMs,
);

test(
  'entra-id.ts asks for the default scope of an API',
  async () => {
    const { authorizationServer, environment } = await servers();

    const outcome = await runExample('entra-id.ts', { ...environment, ...client });

    expect(outcome).toEqual({ exitCode: 0, stdout: 'orders 200\n', stderr: '' });
    expect(authorizationServer.grants.map(parametersIn)).toMatchObject([{ scope: 'api://orders/.default' }]);
  },
  timeoutMs,
);

/** Starts a proxy for https on a free port of this machine. */
async function startProxy() {
  const targets: string[] = [];
  const proxy = createServer().on('connect', ({ url = '' }, socket) => {
    targets.push(url);
    const target = connect(Number(url.split(':')[1]), '127.0.0.1', () => {
      socket.write('HTTP/1.1 200 Connection Established\r\n\r\n');
      target.pipe(socket).pipe(target);
    });
    target.on('error', () => socket.destroy());
    socket.on('error', () => target.destroy());
  });
  await new Promise<void>((resolve) => proxy.listen(0, '127.0.0.1', resolve));
  cleanUp(() => new Promise((resolve) => proxy.close(resolve)));
  return { targets, url: `http://127.0.0.1:${(proxy.address() as AddressInfo).port}` };
}

test(
  'proxy-and-private-ca.ts gets a token through a proxy from a server with a private CA',
  async () => {
    const server = await startTlsServer(({ method }) =>
      method === 'GET'
        ? { body: { issuer: server.origin, token_endpoint: `${server.origin}/token` } }
        : granted('a-token', { scope: 'orders:read' }),
    );
    const proxy = await startProxy();
    const CA_FILE = join(await folderWith({ 'ca.pem': ca }), 'ca.pem');

    const outcome = await runExample('proxy-and-private-ca.ts', {
      OAUTH_ISSUER: server.origin,
      CLIENT_SECRET: 'a-secret',
      PROXY_URL: proxy.url,
      CA_FILE,
    });

    expect(outcome).toEqual({ exitCode: 0, stdout: 'Bearer orders:read\n', stderr: '' });
    expect(server.requests.map(({ method }) => method)).toEqual(['GET', 'POST']);
    expect(new Set(proxy.targets)).toEqual(new Set([new URL(server.origin).host]));
  },
  timeoutMs,
);
