import { execFileSync, spawn } from 'node:child_process';
import { writeFile } from 'node:fs/promises';
import type { RequestListener } from 'node:http';
import { join } from 'node:path';

import { describe, expect, test } from '@jest/globals';

import { certificateFetch } from '../../../../src/cli/commands/call/certificate-fetch.js';
import { granted } from '../../../support/authorization-server.js';
import { buildCommand } from '../../../support/built-command.js';
import { cleanUp } from '../../../support/clean-up.js';
import { clientCertificates } from '../../../support/client-certificates.js';
import { listenTls } from '../../../support/grant-tls.js';
import { startHttpServer } from '../../../support/http-server.js';
import { ca, startTlsServer, thumbprints } from '../../../support/mutual-tls.js';
import { posixTest } from '../../../support/posix-test.js';
import { credentialsOf } from '../../../support/settings.js';
import { temporaryFolder } from '../../../support/temporary-folder.js';

const command = await buildCommand();
const { first } = clientCertificates;

test('presents no certificate over http', async () => {
  const { origin } = await startHttpServer(() => ({ status: 418 }));

  expect((await certificateFetch(credentialsOf(first))(origin)).status).toBe(418);
});

describe('with mutual TLS', () => {
  /** A server that grants tokens and is an API too, and what it takes to be its client. */
  async function start(metadata?: object) {
    const server = await startTlsServer(({ path }) => {
      if (path === '/token') return granted('t0ken');
      return path.startsWith('/.well-known') ? { body: { issuer: server.origin, ...metadata } } : { body: 'body' };
    });
    const { origin, requests } = server;
    const folder = await temporaryFolder();
    const file = async (name: string, text: string) => {
      await writeFile(join(folder, name), text);
      return join(folder, name);
    };
    const environment = {
      // Of a process of its own: nothing else makes Node trust a certificate.
      NODE_EXTRA_CA_CERTS: await file('ca.pem', ca),
      ...(metadata === undefined ? { OAUTH_TOKEN_ENDPOINT: `${origin}/token` } : { OAUTH_ISSUER: origin }),
      OAUTH_CLIENT_ID: 'orders',
      OAUTH_KEY_FILE: await file('key.pem', first.key),
      OAUTH_CERTIFICATE_FILE: await file('certificate.pem', first.certificate),
    };
    return { origin, requests, environment };
  }

  test('presents the certificate of the token to the API, and sends the body unchanged [R-51]', async () => {
    const { origin, requests, environment } = await start();

    const outcome = await command.run(['call', `${origin}/orders`, '-i', '-d', 'é=1'], { environment });

    expect(outcome).toMatchObject({ exitCode: 0, stderr: '' });
    expect(outcome.stdout).toMatch(/^HTTP\/1\.1 200 OK\r\n[^]*\r\n\r\nbody$/);
    const { authorization } = requests[1]?.headers ?? {};
    expect({ ...requests[1], authorization }).toMatchObject({ body: 'é=1', authorization: 'Bearer t0ken' });
    expect(requests.map(({ thumbprint }) => thumbprint)).toEqual([thumbprints.first, thumbprints.first]);
  });

  posixTest.each([[[]], [['--cache']]])('reads the files once, because they may be pipes: %j', async (flags) => {
    const { origin, environment } = await start();
    const folder = await temporaryFolder();
    const pipeOf = (name: 'OAUTH_KEY_FILE' | 'OAUTH_CERTIFICATE_FILE') => {
      const path = join(folder, name);
      execFileSync('mkfifo', [path]);
      // The second reader gets an empty file, as from `<(cat key.pem)`.
      const writer = spawn('sh', ['-c', 'cat "$1" >"$2"; : >"$2"', 'sh', environment[name], path]);
      cleanUp(() => writer.kill());
      return { [name]: path };
    };
    const pipes = { ...pipeOf('OAUTH_KEY_FILE'), ...pipeOf('OAUTH_CERTIFICATE_FILE'), HOME: folder };

    const outcome = await command.run(['call', `${origin}/orders`, ...flags], {
      environment: { ...environment, ...pipes },
    });

    expect(outcome).toEqual({ exitCode: 0, stdout: 'body', stderr: '' });
  });

  test('the doctor presents it too', async () => {
    const { origin, requests, environment } = await start();

    const { exitCode, stdout } = await command.run(['doctor', `${origin}/orders`], { environment });

    expect(exitCode).toBe(0);
    for (const found of [
      'the client certificate is valid',
      'the clock of',
      'the server issued a token',
      'valid for 1 h',
      'orders responded with 200',
    ]) {
      expect(stdout).toContain(found);
    }
    expect(requests.map(({ thumbprint }) => thumbprint)).toEqual([thumbprints.first, thumbprints.first]);
  });

  test('the doctor checks the endpoint for mutual TLS with the certificate [R-50]', async () => {
    const body = JSON.stringify({ access_token: 't0ken', token_type: 'Bearer', expires_in: 3600 });
    const listener: RequestListener = (_request, response) =>
      void response.writeHead(200, { 'content-type': 'application/json' }).end(body);
    const strict = { requestCert: true, rejectUnauthorized: true, ca: clientCertificates.authority };
    const port = await listenTls(listener, { ...strict, maxVersion: 'TLSv1.2' });
    const { environment } = await start({
      token_endpoint: 'https://localhost:1/token',
      mtls_endpoint_aliases: { token_endpoint: `https://localhost:${port}/token` },
    });

    const { exitCode, stdout } = await command.run(['doctor'], { environment });

    expect(stdout).toContain(`✓ localhost:${port} uses TLSv1.2`);
    expect(stdout).toContain('✓ the server issued a token');
    expect(exitCode).toBe(0);
  });
});
