import { type Answer, type Handler, type HttpServer, type RecordedRequest, startHttpServer } from './http-server.js';

/** An API on loopback that really looks at the token. */
export interface ScriptedResourceServer extends HttpServer {
  /** Rejects these tokens from now on. */
  revoke(...values: readonly string[]): void;
  /** Answers with this instead of looking at the token, from now on. */
  answer(handler: Handler | undefined): void;
}

/** Starts an API that answers 200 to every token but the revoked ones, and 401 `invalid_token` to these and to none (RFC 6750 §3). */
export async function startResourceServer(): Promise<ScriptedResourceServer> {
  const revoked = new Set<string>();
  let scripted: Handler | undefined;

  const server = await startHttpServer((request, response) =>
    scripted === undefined ? check(request, revoked) : scripted(request, response),
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

/** The answer to a token that is of no use. */
export function rejected(challenge = 'Bearer realm="api", error="invalid_token"'): Answer {
  return { status: 401, headers: { 'www-authenticate': challenge }, body: { error: 'no' } };
}
