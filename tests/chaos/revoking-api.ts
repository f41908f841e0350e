import { once } from 'node:events';
import { createServer, type IncomingMessage, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { performance } from 'node:perf_hooks';
import { setTimeout as sleep } from 'node:timers/promises';

import { between, type Random } from './seeded-random.js';
import type { LedgerEntry, TokenLedger } from './token-ledger.js';

/** An API that looks up each token in the ledger of the authorization server. */
export interface RevokingApi {
  readonly origin: string;
  /** The number of responses with 401. */
  readonly unauthorized: number;
  readonly revocations: number;
  /** Revokes tokens at random until the signal is aborted. */
  revokeUntil(signal: AbortSignal): Promise<void>;
  /** Stops listening. Open connections stay open. */
  close(): void;
}

/** Options of {@link startRevokingApi}. */
export interface RevokingApiOptions {
  readonly random: Random;
  readonly ledger: TokenLedger;
  /** Called for each received token; `undefined` stands for a token that was never issued. */
  readonly onPresented: (callId: string, token: LedgerEntry | undefined) => void;
}

/** Starts an API that responds with 401 `invalid_token` (RFC 6750 §3.1) to unknown, expired and revoked tokens. */
export async function startRevokingApi({ random, ledger, onPresented }: RevokingApiOptions): Promise<RevokingApi> {
  let unauthorized = 0;
  let revocations = 0;

  async function answer(request: IncomingMessage, response: ServerResponse): Promise<void> {
    const arrivedAt = performance.now();
    const token = ledger.find(request.headers.authorization?.replace(/^Bearer /, '') ?? '');
    onPresented(String(request.headers['x-call']), token);
    request.resume();
    // Long enough that a token can be revoked during a request.
    await sleep(between(random, 0, 20));
    const isValid =
      token !== undefined && arrivedAt < token.issuedAt + token.lifetimeMs && token.revokedAt === undefined;
    if (!isValid) {
      unauthorized += 1;
      response.setHeader('www-authenticate', 'Bearer error="invalid_token"');
    }
    response.writeHead(isValid ? 200 : 401, { 'content-type': 'application/json' }).end('{}');
  }

  const server = createServer((request, response) => void answer(request, response));
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');

  return {
    origin: `http://127.0.0.1:${(server.address() as AddressInfo).port}`,
    get unauthorized() {
      return unauthorized;
    },
    get revocations() {
      return revocations;
    },
    async revokeUntil(signal) {
      const pause = (ms: number) => sleep(ms, undefined, { signal }).catch(() => undefined);
      for (;;) {
        await pause(between(random, 1_000, 9_000));
        if (signal.aborted) return;
        revocations += 1;
        const kind = random();
        if (kind < 0.4) ledger.revokeUpTo(ledger.issued);
        // Revokes only tokens that the client should have replaced.
        else if (kind < 0.6) ledger.revokeUpTo(ledger.issued - 1);
        else {
          ledger.rejectAll(true);
          await pause(between(random, 200, 1_200));
          ledger.rejectAll(false);
        }
      }
    },
    close: () => void server.close(),
  };
}
