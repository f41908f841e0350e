import { type Answer, type Handler, type HttpServer, type RecordedRequest, startHttpServer } from './http-server.js';

/** An authorization server on loopback with scripted responses. */
export interface ScriptedAuthorizationServer extends HttpServer {
  readonly tokenEndpoint: string;
  /** The grants so far. */
  readonly grants: readonly RecordedRequest[];
  /** Sets the responses of the token endpoint: each of them in turn, then the last one for all further requests. */
  script(...answers: readonly (Answer | Handler)[]): void;
}

/**
 * Starts an authorization server. Without a script it grants `token-1`, `token-2` and so on, for an hour each.
 * `metadata` is added to the issuer and the token endpoint at `/.well-known/oauth-authorization-server`.
 */
export async function startAuthorizationServer({
  metadata,
  address,
}: { metadata?: object; address?: string } = {}): Promise<ScriptedAuthorizationServer> {
  const grants: RecordedRequest[] = [];
  let script: (Answer | Handler)[] = [];

  const server = await startHttpServer((request, response) => {
    if (request.path.startsWith('/token')) {
      grants.push(request);
      const answer = (script.length > 1 ? script.shift() : script[0]) ?? granted(`token-${grants.length}`);
      return typeof answer === 'function' ? answer(request, response) : answer;
    }
    if (metadata !== undefined && request.path === '/.well-known/oauth-authorization-server') {
      return { body: { issuer: server.origin, token_endpoint: `${server.origin}/token`, ...metadata } };
    }
    return { status: 404 };
  }, address);

  return {
    ...server,
    tokenEndpoint: `${server.origin}/token`,
    grants,
    script: (...answers) => {
      script = [...answers];
    },
  };
}

/** A token response; `members` are added and replace members of the same name. */
export function granted(value: string, members: Readonly<Record<string, unknown>> = {}): Answer {
  return { body: { access_token: value, token_type: 'Bearer', expires_in: 3600, ...members } };
}

/** An error response (RFC 6749 §5.2). */
export function refused(
  error: string,
  { status = 400, description = 'no' }: { status?: number; description?: string } = {},
): Answer {
  return { status, body: { error, error_description: description } };
}
