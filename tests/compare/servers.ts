import { setTimeout as sleep } from 'node:timers/promises';

import { type Answer, type ReceivedRequest, startLoopback } from './loopback.js';

/** A scripted authorization server, and an API that accepts its tokens. */
export interface Servers {
  readonly authorizationServer: AuthorizationServer;
  readonly api: Api;
  /** Another origin, to which no token belongs. It keeps the requests that it receives. */
  readonly other: {
    /** Another port of the same host, and another host. */
    readonly origins: Readonly<Record<string, string>>;
    readonly requests: readonly ReceivedRequest[];
  };
  close(): Promise<void>;
}

/** The authorization server. Each grant is `token-1`, `token-2` and so on. */
export interface AuthorizationServer {
  readonly tokenEndpoint: string;
  /** The grants so far, also those without success. */
  readonly requests: readonly ReceivedRequest[];
  /** The response to the next grants; `undefined` hangs. @default grants a token for an hour */
  answer: (request: ReceivedRequest) => Answer | undefined;
  /** The time before each response. @default 0 */
  delayMs: number;
  /** Makes a token response; without `expires_in` if the lifetime is not `named`. */
  grant(options?: { readonly lifetimeSeconds?: number; readonly named?: boolean }): Answer;
  /** Resolves when no grant is under way. */
  idle(): Promise<void>;
}

/** The API. */
export interface Api {
  readonly origin: string;
  readonly requests: readonly ReceivedRequest[];
  /** Makes the response to a request with a valid token. @default its body names the token */
  respond: (request: ReceivedRequest, token: string) => Answer;
  /** The time before a 401. @default 0 */
  rejectionDelayMs: () => number;
  /** Whether a token was granted, is not expired and was not revoked. */
  accepts(token: string | undefined): boolean;
  /** Rejects all tokens that were granted so far. */
  revokeAll(): void;
}

/** The token of a request; `undefined` if it has none. */
export const tokenOf = ({ headers }: ReceivedRequest): string | undefined =>
  /^Bearer (.*)$/i.exec(headers.authorization ?? '')?.[1];

/** Starts the servers. */
export async function startServers(): Promise<Servers> {
  // The time at which a token expires, by its value.
  const valid = new Map<string, number>();
  const tokenRequests: ReceivedRequest[] = [];
  const apiRequests: ReceivedRequest[] = [];
  const otherRequests: ReceivedRequest[] = [];
  const underWay = new Set<ReceivedRequest>();

  const tokenServer = await startLoopback(async (request) => {
    tokenRequests.push(request);
    underWay.add(request);
    await sleep(authorizationServer.delayMs);
    const answer = authorizationServer.answer(request);
    // A response that never ends is not awaited by `idle`.
    underWay.delete(request);
    return answer;
  });
  const apiServer = await startLoopback(async (request) => {
    apiRequests.push(request);
    const token = tokenOf(request);
    if (token !== undefined && api.accepts(token)) return api.respond(request, token);
    await sleep(api.rejectionDelayMs());
    return { status: 401, headers: { 'www-authenticate': 'Bearer error="invalid_token"' }, body: { error: 'no' } };
  });
  const otherServer = await startLoopback(async (request) => {
    otherRequests.push(request);
    return { body: { token: 'none' } };
  });

  let granted = 0;
  const authorizationServer: AuthorizationServer = {
    tokenEndpoint: `${tokenServer.origin}/token`,
    requests: tokenRequests,
    answer: () => authorizationServer.grant(),
    delayMs: 0,
    grant({ lifetimeSeconds = 3_600, named = true } = {}) {
      granted += 1;
      const value = `token-${granted}`;
      valid.set(value, Date.now() + lifetimeSeconds * 1_000);
      // `refresh_in` is for msal-node: Entra ID sends it.
      const lifetime = named && { expires_in: lifetimeSeconds, refresh_in: Math.floor(lifetimeSeconds / 2) };
      const issuedTokenType = 'urn:ietf:params:oauth:token-type:access_token';
      return { body: { access_token: value, token_type: 'Bearer', ...lifetime, issued_token_type: issuedTokenType } };
    },
    async idle() {
      do await sleep(20);
      while (underWay.size > 0);
    },
  };
  const api: Api = {
    origin: apiServer.origin,
    requests: apiRequests,
    respond: (_request, token) => ({ body: { token } }),
    rejectionDelayMs: () => 0,
    accepts: (token) => token !== undefined && Date.now() < (valid.get(token) ?? 0),
    revokeAll: () => valid.clear(),
  };

  return {
    authorizationServer,
    api,
    other: {
      origins: {
        'another port': otherServer.origin,
        'another host': otherServer.origin.replace('127.0.0.1', 'localhost'),
      },
      requests: otherRequests,
    },
    close: async () => {
      await Promise.all([tokenServer, apiServer, otherServer].map((server) => server.close()));
    },
  };
}
