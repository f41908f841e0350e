import { type Answer, type Handler, type HttpServer, type RecordedRequest, startHttpServer } from './http-server.js';

/** An API on loopback that checks the token. */
export interface ScriptedResourceServer extends HttpServer {
  /** Rejects these tokens. */
  revoke(...values: readonly string[]): void;
  /** Sets a handler that responds instead of the check of the token; `undefined` removes it. */
  answer(handler: Handler | undefined): void;
}

/**
 * Starts an API, by default on loopback. It responds to a Bearer token that is not revoked with 200, and to other
 * requests with 401 `invalid_token` (RFC 6750 §3).
 */
export async function startResourceServer(address?: string): Promise<ScriptedResourceServer> {
  const revoked = new Set<string>();
  let scripted: Handler | undefined;

  const server = await startHttpServer(
    (request, response) => (scripted === undefined ? check(request, revoked) : scripted(request, response)),
    address,
  );

  return {
    ...server,
    revoke: (...values) => values.forEach((value) => revoked.add(value)),
    answer: (handler) => {
      scripted = handler;
    },
  };
}

function check({ headers, method, path, body }: RecordedRequest, revoked: ReadonlySet<string>): Answer {
  const value = /^Bearer (.+)$/.exec(headers.authorization ?? '')?.[1];
  return value === undefined || revoked.has(value) ? rejected() : { body: { method, path, body } };
}

/** The response to a token that is rejected. */
export function rejected(challenge = 'Bearer realm="api", error="invalid_token"'): Answer {
  return { status: 401, headers: { 'www-authenticate': challenge }, body: { error: 'no' } };
}
