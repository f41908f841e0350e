import { once } from 'node:events';
import { createServer, type IncomingMessage, type ServerResponse } from 'node:http';
import { setTimeout as sleep } from 'node:timers/promises';

import type { RequestSpacing } from './request-spacing.js';
import { between, pick, type Random } from './seeded-random.js';
import type { TokenLedger } from './token-ledger.js';
import type { Condition } from './weather.js';

/** An authorization server whose condition changes. */
export interface StormyAuthorizationServer {
  readonly issuer: string;
  turn(condition: Condition): Promise<void>;
  /** Stops listening. Open connections stay open. */
  close(): void;
}

/** Options of {@link startStormyAuthorizationServer}. */
export interface StormyAuthorizationServerOptions {
  readonly random: Random;
  readonly ledger: TokenLedger;
  readonly spacing: RequestSpacing;
  readonly clientId: string;
  readonly clientSecret: string;
}

type Answer = (response: ServerResponse) => void;

/** Starts an authorization server with metadata (RFC 8414) and a token endpoint, at first without faults. */
export async function startStormyAuthorizationServer({
  random,
  ledger,
  spacing,
  clientId,
  clientSecret,
}: StormyAuthorizationServerOptions): Promise<StormyAuthorizationServer> {
  let condition: Condition = 'fine';
  let moves = 0;

  const server = createServer((request, response) => {
    const path = request.url ?? '';
    if (path.startsWith('/.well-known/')) answerMetadata(path, response);
    else void answerGrant(path, request, response);
  });
  // Short, so that idle connections close soon after the run. The client closes them a second earlier.
  server.keepAliveTimeout = 2_000;
  const port = await listen();
  const issuer = `http://127.0.0.1:${port}`;
  const tokenPath = (): string => `/token-${moves}`;

  /**
   * Listens below the range of ports that the system assigns, so that no other process takes the port while it is
   * closed.
   */
  async function listen(): Promise<number> {
    for (;;) {
      const candidate = 20_000 + Math.floor(Math.random() * 10_000);
      if (await listenAt(candidate)) return candidate;
    }
  }

  async function listenAt(candidate: number): Promise<boolean> {
    server.listen(candidate, '127.0.0.1');
    try {
      await once(server, 'listening');
      return true;
    } catch (error) {
      if ((error as NodeJS.ErrnoException).code === 'EADDRINUSE') return false;
      throw error;
    }
  }

  function answerMetadata(path: string, response: ServerResponse): void {
    const isGiven = condition === 'fine' || condition === 'slow drip' || condition === 'moved';
    spacing.discover(path.startsWith('/.well-known/oauth-authorization-server'), isGiven);
    const metadata = { issuer, token_endpoint: `${issuer}${tokenPath()}` };
    if (isGiven) json(metadata)(response);
    else fail(condition)(response);
  }

  async function answerGrant(path: string, request: IncomingMessage, response: ServerResponse): Promise<void> {
    const asked = spacing.ask(path);
    response.once('close', () => asked.closed());
    const now = condition;
    request.resume();
    const isFine = now === 'fine' || now === 'slow drip' || now === 'moved';
    if (!isFine) {
      const retryAfterSeconds = now === '429 with Retry-After' ? pick(random, [1, 2]) : undefined;
      if (now.startsWith('429')) asked.limit(retryAfterSeconds && retryAfterSeconds * 1_000);
      return fail(now, retryAfterSeconds)(response);
    }
    if (path !== tokenPath()) {
      asked.moved();
      return void response.writeHead(404, { 'content-type': 'text/plain' }).end('not here');
    }
    if (!isAuthenticated(request)) return json({ error: 'invalid_client' }, 401)(response);
    await sleep(between(random, 0, 15));
    const lifetimeSeconds = pick(random, lifetimesSeconds);
    const token = ledger.issue(lifetimeSeconds * 1_000);
    const body = {
      access_token: token.value,
      token_type: 'Bearer',
      expires_in: lifetimeSeconds,
      // The event of the client has the scope, which identifies the received token.
      scope: `orders:read issue:${token.number}`,
    };
    if (now === 'slow drip') drip(body, between(random, 200, 1_600))(response);
    else json(body)(response);
  }

  function isAuthenticated({ headers }: IncomingMessage): boolean {
    return headers.authorization === `Basic ${Buffer.from(`${clientId}:${clientSecret}`).toString('base64')}`;
  }

  return {
    issuer,
    async turn(next) {
      const before = condition;
      condition = next;
      if (next === 'moved') moves += 1;
      if (next === 'refused') {
        server.close();
        server.closeAllConnections();
      } else if (before === 'refused') {
        for (let tries = 0; !(await listenAt(port)); tries += 1) {
          if (tries === 20) throw new Error(`port ${port} was taken by another process`);
          await sleep(50);
        }
      }
    },
    close: () => void server.close(),
  };
}

/**
 * A token is renewed in the last 30 % of its lifetime. The longest lifetime is less than 1 / 0.3 of the shortest, so a
 * token never outlives its successor.
 */
const lifetimesSeconds: readonly [number, ...number[]] = [2, 3, 4, 5, 6];

function fail(condition: Condition, retryAfterSeconds?: number): Answer {
  switch (condition) {
    case 'hang':
      return () => {};
    case 'reset':
    case 'refused':
      return ({ socket }) => void socket?.resetAndDestroy();
    case 'HTML with 200':
      return (response) => void response.writeHead(200, { 'content-type': 'text/html' }).end('<h1>Sign in</h1>');
    case '429':
    case '429 with Retry-After':
      return (response) => {
        if (retryAfterSeconds !== undefined) response.setHeader('retry-after', retryAfterSeconds);
        json({ error: 'slow down' }, 429)(response);
      };
    default:
      return (response) => void response.writeHead(503).end('overloaded');
  }
}

function json(body: object, status = 200): Answer {
  return (response) =>
    void response.writeHead(status, { 'content-type': 'application/json' }).end(JSON.stringify(body));
}

/** Sends the body in small parts over this time. */
function drip(body: object, forMs: number): Answer {
  const text = JSON.stringify(body);
  return (response) => {
    response.writeHead(200, { 'content-type': 'application/json' });
    const parts = 10;
    let sent = 0;
    const timer = setInterval(() => {
      response.write(
        text.slice(Math.floor((sent * text.length) / parts), Math.floor(((sent + 1) * text.length) / parts)),
      );
      sent += 1;
      if (sent === parts) response.end();
    }, forMs / parts);
    response.once('finish', () => clearInterval(timer));
    response.once('close', () => clearInterval(timer));
  };
}
