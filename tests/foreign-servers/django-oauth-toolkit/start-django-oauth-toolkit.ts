import { join } from 'node:path';

import { python } from '../debian-packages.js';
import type { ForeignServer, RegisteredClient } from '../foreign-server.js';
import { introspect } from '../introspect.js';
import { startServerProcess } from '../server-process.js';

/** Starts an authorization server on Django OAuth Toolkit with a new SQLite database. */
export async function startDjangoOAuthToolkit(clients: readonly RegisteredClient[]): Promise<ForeignServer> {
  const { ready, stop } = await startServerProcess({
    file: python,
    argv: ['-I', join(import.meta.dirname, 'server.py')],
    data: { 'clients.json': JSON.stringify(clients) },
    ready: /^http:\S+(?=\n)/m,
  });
  const [origin] = ready;
  const issuer = `${origin}/o`;
  return {
    issuer,
    tokenEndpoint: `${issuer}/token/`,
    revocationEndpoint: `${issuer}/revoke_token/`,
    api: `${origin}/orders`,
    introspect: (token) => introspect(`${issuer}/introspect/`, token),
    stop,
  };
}
