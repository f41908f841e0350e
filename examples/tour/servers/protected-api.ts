import { text } from 'node:stream/consumers';

import { startLoopbackServer } from './loopback.js';

/** A small API for orders that introspects every token. */
export interface ProtectedApi {
  readonly origin: string;
  /** Method and status of all responses so far, such as `'GET 200'`. */
  readonly responses: readonly string[];
  close(): Promise<void>;
}

/** Starts the API. It caches no introspection, so it rejects a revoked token at once. */
export async function startProtectedApi(introspect: (token: string) => Promise<boolean>): Promise<ProtectedApi> {
  const server = await startLoopbackServer();
  const responses: string[] = [];

  server.serve(async (request, response) => {
    const { method = '' } = request;
    const body = await text(request);
    const token = /^Bearer ([\w.~+/-]+=*)$/.exec(request.headers.authorization ?? '')?.[1];
    const isAuthorized = token !== undefined && (await introspect(token));
    const status = isAuthorized ? (statuses[`${method} ${request.url}`] ?? 404) : 401;

    responses.push(`${method} ${status}`);
    // RFC 6750 §3: the challenge to a request without a token has no error code.
    const error = token === undefined ? '' : ', error="invalid_token"';
    if (!isAuthorized) response.setHeader('www-authenticate', `Bearer realm="orders"${error}`);
    response.writeHead(status, { 'content-type': 'application/json' });
    response.end(method === 'HEAD' || status === 204 ? undefined : JSON.stringify({ method, status, body }));
  });

  return { origin: server.origin, responses, close: () => server.close() };
}

const statuses: Readonly<Record<string, number>> = {
  'GET /orders': 200,
  'HEAD /orders': 200,
  'POST /orders': 201,
  'PUT /orders/1': 200,
  'PATCH /orders/1': 200,
  'DELETE /orders/1': 204,
};
