import { execFile } from 'node:child_process';
import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { promisify } from 'node:util';

import { createTokenService } from '../../../src/service/token-service.js';
import { clientCertificates } from '../../support/client-certificates.js';
import { freePort } from '../../support/free-port.js';
import { localhostCertificate } from '../../support/grant-certificate.js';
import { introspectingClient } from '../clients.js';
import type { ForeignServer, RegisteredClient } from '../foreign-server.js';
import { introspect } from '../introspect.js';
import { startServerProcess } from '../server-process.js';

/** Options of {@link startGlewlwyd}. */
export interface GlewlwydOptions {
  /** Whether the server uses https and accepts client certificates. @default false */
  readonly usesTls?: boolean;
}

/** Starts glewlwyd with its OpenID Connect plugin and a new SQLite database. */
export async function startGlewlwyd(
  clients: readonly RegisteredClient[],
  { usesTls = false }: GlewlwydOptions = {},
): Promise<ForeignServer> {
  const port = await freePort();
  const origin = usesTls ? `https://localhost:${port}` : `http://127.0.0.1:${port}`;
  const issuer = `${origin}/api/oidc`;
  const plugin = JSON.parse(await readFile(fileHere('plugin.json'), 'utf8')) as object;

  const { stop } = await startServerProcess({
    file: 'glewlwyd',
    argv: ['--config-file', fileHere('glewlwyd.conf'), '--env-variables'],
    environment: { GLWD_PORT: String(port), GLWD_EXTERNAL_URL: origin, ...(usesTls && tlsSettings) },
    data: {
      'clients.json': JSON.stringify(clients),
      'plugin.json': JSON.stringify({ ...plugin, ...(usesTls && tlsParameters), iss: issuer }),
      'server.key': localhostCertificate.key,
      'server.pem': localhostCertificate.cert,
      'clients.pem': clientCertificates.authority + clientCertificates.selfSigned.certificate,
    },
    prepare: (cwd) => execute('sqlite3', ['-bail', 'glewlwyd.sqlite', `.read ${fileHere('database.sql')}`], { cwd }),
    ready: /Glewlwyd started on port/,
  });

  const tokenEndpoint = `${issuer}/token`;
  return {
    issuer,
    tokenEndpoint,
    revocationEndpoint: `${issuer}/revoke`,
    // With its secret, a client may introspect only its own tokens.
    async introspect(token) {
      const { client_id: clientId, client_secret: clientSecret } = introspectingClient;
      const service = createTokenService({ tokenEndpoint, clientId, clientSecret, scope: 'introspection' });
      return introspect(`${issuer}/introspect`, token, `Bearer ${(await service.getToken()).value}`);
    },
    stop,
  };
}

const execute = promisify(execFile);
const fileHere = (name: string): string => join(import.meta.dirname, name);

const tlsSettings = {
  GLWD_USE_SECURE_CONNECTION: '1',
  GLWD_SECURE_CONNECTION_KEY_FILE: 'server.key',
  GLWD_SECURE_CONNECTION_PEM_FILE: 'server.pem',
  GLWD_SECURE_CONNECTION_CA_FILE: 'clients.pem',
};
const tlsParameters = {
  'client-cert-source': 'TLS',
  'client-cert-self-signed-allowed': true,
  'client-cert-use-endpoint-aliases': true,
};
