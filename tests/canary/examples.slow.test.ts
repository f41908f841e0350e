import { readdirSync } from 'node:fs';
import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';

import { describe, expect, test } from '@jest/globals';

import { granted, refused, startAuthorizationServer } from '../support/authorization-server.js';
import { clientCertificates } from '../support/client-certificates.js';
import { type Answer, type Handler, type RecordedRequest, startHttpServer } from '../support/http-server.js';
import { ca, startTlsServer } from '../support/mutual-tls.js';
import { startProxy } from '../support/proxy.js';
import { startResourceServer } from '../support/resource-server.js';
import { signingKey } from '../support/signing-keys.js';
import { temporaryFolder } from '../support/temporary-folder.js';
import { artefactsOfRun, bundled, inOneProcess } from './example-run.js';
import { leaksIn } from './leaks-in.js';
import { markedSecret, markedToken, secretMark } from './marks.js';

// Each example runs in a process of its own.
const timeoutMs = 60_000;
// Examples that start processes, run until a signal, or need an MCP server, a broker or a token of PKCS #11, are in the tests
// of these.
const elsewhere = new Set(['fleet.ts', 'graceful-shutdown.ts', 'kafka.ts', 'mcp.ts', 'mcp-v2.ts', 'remote-signer.ts']);
const examples = readdirSync('examples').filter((name) => name.endsWith('.ts') && !elsewhere.has(name));
const overTls = new Set(['mutual-tls.ts', 'proxy-and-private-ca.ts']);

/** Servers, files and an environment for all examples. */
async function surroundings(how: 'well' | 'refused') {
  const [authorizationServer, api, proxy, metadata] = await Promise.all([
    startAuthorizationServer({ metadata: {} }),
    startResourceServer(),
    startProxy(),
    startHttpServer(() => ({ body: { access_token: `${secretMark}.by.azure`, expires_on: 9e9 } })),
  ]);
  const grant = ({ headers, body }: RecordedRequest): Answer =>
    how === 'well'
      ? granted(markedToken(authorizationServer.grants.length), { token_type: headers['dpop'] ? 'DPoP' : 'Bearer' })
      : refused('invalid_client', { status: 401, description: `wrong: ${repeated(headers.authorization, body)}` });
  authorizationServer.script(grant);
  // The first request is rejected.
  let calls = 0;
  const reply: Handler = () =>
    (calls += 1) === 1
      ? { status: 401 }
      : { body: { calls, choices: [{ message: { content: 'Fine' } }], data: { orders: [] } } };
  api.answer(reply);
  const tls = await startTlsServer((request) => {
    if (request.path.startsWith('/.well-known/')) {
      return { body: { issuer: tls.origin, token_endpoint: `${tls.origin}/token` } };
    }
    return request.path === '/token' ? grant(request) : { body: { calls } };
  });
  const [{ certificate, key }, { privateJwk }] = [clientCertificates.first, await signingKey()];
  const folder = await temporaryFolder();
  const files = {
    secret: `${markedSecret}\n`,
    'key.jwk': JSON.stringify(privateJwk),
    token: `${secretMark}.by.kubernetes`,
    'tls.crt': certificate,
    'tls.key': key,
    'ca.pem': ca,
  };
  await Promise.all(Object.entries(files).map(([name, text]) => writeFile(join(folder, name), text)));
  const environment = {
    OAUTH_ISSUER: authorizationServer.origin,
    OAUTH_CLIENT_ID: 'orders-service',
    OAUTH_CLIENT_SECRET: markedSecret,
    CLIENT_ID: 'orders-service',
    CLIENT_SECRET: markedSecret,
    ACME_SECRET: markedSecret,
    GLOBEX_SECRET: markedSecret,
    SECRET_FILE: join(folder, 'secret'),
    KEY_FILE: join(folder, 'key.jwk'),
    TOKEN_FILE: join(folder, 'token'),
    TLS_FOLDER: folder,
    CA_FILE: join(folder, 'ca.pem'),
    NODE_EXTRA_CA_CERTS: join(folder, 'ca.pem'),
    PROXY_URL: proxy.url.href,
    AZURE_POD_IDENTITY_AUTHORITY_HOST: metadata.origin,
    API_KEY: markedToken(0),
    API_URL: api.origin,
    PARTNER_ISSUER: authorizationServer.origin,
  };
  return {
    environment,
    environmentOf: (name: string) =>
      overTls.has(name)
        ? { OAUTH_ISSUER: tls.origin, API_URL: tls.origin }
        : { OAUTH_ISSUER: environment.OAUTH_ISSUER, API_URL: api.origin },
    // Parts of the private keys.
    others: [String(privateJwk['d']), key.split('\n')[1] ?? ''],
  };
}

// The credentials of a request, as a server may repeat them.
function repeated(authorization = '', body: string): string {
  const credentials = Buffer.from(authorization.replace('Basic ', ''), 'base64').toString('utf8');
  return [
    authorization,
    credentials,
    credentials && markedSecret,
    body,
    new URLSearchParams(body).get('client_assertion'),
  ].join(' ');
}

test.each(['well', 'refused'] as const)(
  'no example writes down its secret or a token when all is %s [F4 R-24 R-25]',
  async (how) => {
    const { environment, environmentOf, others } = await surroundings(how);
    const names = [...examples, 'got/main.ts', 'tour/main.ts'];
    const steps = names.map((name) => ({
      file: `examples/${name}`,
      environment: environmentOf(name),
    }));

    const { artefacts } = await artefactsOfRun(await inOneProcess(steps), environment);

    expect(leaksIn(artefacts, others)).toEqual([]);
    const written = artefacts.map(({ text }) => text).join('\n');
    // These print the error, or the status of the probe.
    const handling = new Set([
      'from-environment.ts',
      'got/main.ts',
      'kubernetes-probe.ts',
      'multi-tenant.ts',
      'tour/main.ts',
    ]);
    const isRefused = (name: string) => how === 'refused' && !handling.has(name);
    expect(written.match(/^examples\/\S+: done$/gm)).toEqual(
      names.filter((name) => !isRefused(name)).map((name) => `examples/${name}: done`),
    );
    expect(written.match(/GrantRejectedError:/g)?.length ?? 0).toBeGreaterThanOrEqual(how === 'well' ? 0 : 10);
  },
  timeoutMs,
);

test.each(['axios', 'from-environment', 'logging'])(
  '%s.ts, by itself, ends with an error that holds none [F4 R-24 R-25]',
  async (name) => {
    const { environment } = await surroundings('refused');

    const { artefacts, exitCode } = await artefactsOfRun(await bundled(`examples/${name}.ts`), environment);

    expect(leaksIn(artefacts)).toEqual([]);
    expect(exitCode).toBe(1);
    expect(artefacts.filter(({ text }) => text !== '').map(({ channel }) => channel)).toEqual(
      expect.arrayContaining(['stderr', 'process.report', 'argv']),
    );
  },
  timeoutMs,
);

describe('the canary sees a secret that a program gives away', () => {
  test.each([
    ['stdout', 'console.log(process.env.CLIENT_SECRET);'],
    ['stderr', 'console.error(new Error(encodeURIComponent(process.env.CLIENT_SECRET)));'],
    ['process.report', 'process.argv.push(process.env.CLIENT_SECRET);'],
    ['files', "import { writeFileSync } from 'node:fs'; writeFileSync('token.json', process.env.CLIENT_SECRET);"],
    [
      'files',
      "import { tmpdir } from 'node:os'; (await import('node:fs')).writeFileSync(tmpdir() + '/x', process.env.CLIENT_SECRET);",
    ],
  ])(
    'in %s',
    async (channel, program) => {
      const { artefacts } = await artefactsOfRun(program, { CLIENT_SECRET: markedSecret });

      expect(leaksIn(artefacts)).toEqual(expect.arrayContaining([expect.stringContaining(`by ${channel}`)]));
    },
    timeoutMs,
  );
});
