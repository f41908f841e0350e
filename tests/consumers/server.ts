import { once } from 'node:events';
import { createServer, type IncomingMessage } from 'node:http';
import type { AddressInfo } from 'node:net';
import { text } from 'node:stream/consumers';

/** An authorization server and an API on one origin of this machine. */
export interface Server {
  readonly origin: string;
  close(): void;
}

/**
 * Starts a server on a free port:
 *
 * - `POST /token` grants each client its tokens in turn, `<client>-1`, `<client>-2` …; the client secret is `secret`. A request with a
 *   DPoP proof gets a token of type DPoP
 * - the metadata of the issuer, which is the origin, name this endpoint and `POST /revoke`
 * - `GET /clients/<client>` returns the number of its grants, and its tokens that were revoked
 * - `/orders` rejects the first token of each client and answers others with the `Authorization` header that it received
 * - anything else is a 404
 */
export async function startServer(): Promise<Server> {
  const grants = new Map<string, number>();
  const revoked = new Map<string, string[]>();

  async function answer(request: IncomingMessage): Promise<{ status: number; body: object }> {
    const { url, headers } = request;
    const body = await text(request);
    if (url === '/token') return grant(credentialsOf(headers.authorization, body), headers.dpop ? 'DPoP' : 'Bearer');
    if (url === '/.well-known/oauth-authorization-server') {
      const { origin: issuer } = new URL(`http://${headers.host}`);
      return {
        status: 200,
        body: { issuer, token_endpoint: `${issuer}/token`, revocation_endpoint: `${issuer}/revoke` },
      };
    }
    if (url === '/revoke') {
      const [clientId = ''] = credentialsOf(headers.authorization, body);
      const token = new URLSearchParams(body).get('token') ?? '';
      revoked.set(`${clientId}`, [...(revoked.get(`${clientId}`) ?? []), token]);
      return { status: 200, body: {} };
    }
    const [, client] = /^\/clients\/(.+)$/.exec(url ?? '') ?? [];
    if (client !== undefined) {
      return { status: 200, body: { grants: grants.get(client) ?? 0, revoked: revoked.get(client) ?? [] } };
    }
    if (url !== '/orders') return { status: 404, body: {} };
    const { authorization = '' } = headers;
    return { status: /-(?!1$)\d+$/.test(authorization) ? 200 : 401, body: { authorization } };
  }

  function grant(
    [clientId, secret]: readonly (string | null | undefined)[],
    type: string,
  ): { status: number; body: object } {
    if (!clientId || secret !== 'secret') return { status: 401, body: { error: 'invalid_client' } };
    const count = (grants.get(clientId) ?? 0) + 1;
    grants.set(clientId, count);
    return { status: 200, body: { access_token: `${clientId}-${count}`, token_type: type, expires_in: 3600 } };
  }

  const server = createServer((request, response) => {
    void answer(request).then(({ status, body }) =>
      response.writeHead(status, { 'content-type': 'application/json' }).end(JSON.stringify(body)),
    );
  });
  await once(server.listen(0, '127.0.0.1'), 'listening');
  return {
    origin: `http://127.0.0.1:${(server.address() as AddressInfo).port}`,
    close() {
      server.closeAllConnections();
      server.close();
    },
  };
}

function credentialsOf(authorization: string | undefined, body: string): readonly (string | null | undefined)[] {
  const [, basic] = /^Basic (.+)$/.exec(authorization ?? '') ?? [];
  if (basic !== undefined) return Buffer.from(basic, 'base64').toString().split(':').map(decodeURIComponent);
  const form = new URLSearchParams(body);
  return [form.get('client_id'), form.get('client_secret')];
}
