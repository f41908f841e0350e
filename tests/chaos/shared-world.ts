import { once } from 'node:events';
import { Agent, createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { performance } from 'node:perf_hooks';
import { setTimeout as sleep } from 'node:timers/promises';

import axios, { isAxiosError } from 'axios';
import { createTokenService, memoryStore, TokenError, type TokenService } from 'm2m-tokens';
import { bearerToken } from 'm2m-tokens/axios';
import { withBearerToken } from 'm2m-tokens/fetch';

import type { Violate } from './findings.js';
import { between, pick, type Random, seededRandom } from './seeded-random.js';
import type { Stalls } from './stalls.js';
import { Tally } from './statistics.js';
import type { Telemetry } from './telemetry.js';

/** Replicas that share tokens, revoke them and call an API in several ways. */
export interface SharedWorld {
  readonly figures: () => Readonly<Record<string, number>>;
  /** Calls and revokes until the signal is aborted. */
  live(signal: AbortSignal): Promise<void>;
  close(): void;
}

/** Options of {@link startSharedWorld}. */
export interface SharedWorldOptions {
  readonly seed: number;
  readonly callers: number;
  readonly stalls: Stalls;
  readonly violate: Violate;
  readonly telemetry: Telemetry;
}

/** A token as the authorization server and the API record it, with monotonic times. */
interface IssuedToken {
  readonly number: number;
  readonly issuedAt: number;
  revokedAt: number | undefined;
}

/** A simulated process: its token service, and the tokens that it must no longer send. */
interface Replica {
  readonly name: string;
  readonly tokens: TokenService;
  readonly ways: Readonly<Record<string, (callId: string) => Promise<unknown>>>;
  /** The time at which the replica revoked a token, by the value of the token. */
  readonly gone: Map<string, number>;
  /** All tokens that it has sent. */
  readonly sent: Set<string>;
  end(): Promise<void>;
}

const lifetimeMs = 4_000;
// In a busy process, requests are recorded late.
const slackMs = 150;

/** Starts an authorization server, an API and three replicas with one store. */
export async function startSharedWorld({
  seed,
  callers,
  stalls,
  violate,
  telemetry,
}: SharedWorldOptions): Promise<SharedWorld> {
  const random = seededRandom(seed, 'shared');
  const counts = new Tally();
  const issued = new Map<string, IssuedToken>();
  const underWay = new Map<string, { readonly replica: Replica; readonly startedAt: number }>();
  const store = memoryStore();
  const began = performance.now();
  let replicas = 0;
  let calls = 0;

  const server = await listen((request, response) => void answerClient(request, response));
  const api = await listen((request, response) => void answerCall(request, response));
  const agent = new Agent({ keepAlive: true, timeout: 1_000 });

  async function answerClient(request: IncomingMessage, response: ServerResponse): Promise<void> {
    const form = new URLSearchParams(await textOf(request));
    await sleep(between(random, 0, 20));
    const isUnavailable = random() < 0.1;
    if (isUnavailable) return void response.writeHead(503).end();
    if (request.url === '/revoke') {
      const token = issued.get(form.get('token') ?? '');
      if (token === undefined) violate('an unknown token was revoked', '');
      else token.revokedAt ??= performance.now();
      counts.add('revoked');
      return void response.writeHead(200).end();
    }
    forgetOldTokens();
    const number = counts.count('grants') + 1;
    const value = `shared-${number}`;
    issued.set(value, { number, issuedAt: performance.now(), revokedAt: undefined });
    counts.add('grants');
    response.writeHead(200, { 'content-type': 'application/json' });
    response.end(JSON.stringify({ access_token: value, token_type: 'Bearer', expires_in: lifetimeMs / 1_000 }));
  }

  /** Keeps the memory of a long run small. The rules concern tokens that have expired lately. */
  function forgetOldTokens(): void {
    for (const [value, { issuedAt }] of issued) {
      if (performance.now() - issuedAt < 5 * lifetimeMs) return;
      issued.delete(value);
    }
  }

  async function answerCall(request: IncomingMessage, response: ServerResponse): Promise<void> {
    const value = request.headers.authorization?.replace(/^Bearer /, '') ?? '';
    const token = issued.get(value);
    const call = underWay.get(String(request.headers['x-call']));
    request.resume();
    if (token === undefined) violate('an unknown token reached the API of the replicas', value);
    else if (call !== undefined) check(call, value, token);
    await sleep(between(random, 0, 10));
    const isValid = token?.revokedAt === undefined && performance.now() < Number(token?.issuedAt) + lifetimeMs;
    if (!isValid) response.setHeader('www-authenticate', 'Bearer error="invalid_token"');
    response.writeHead(isValid ? 200 : 401, { 'content-type': 'application/json' });
    response.write('{"a":');
    await sleep(between(random, 0, 10));
    response.end('1}');
  }

  function check(
    { replica, startedAt }: { replica: Replica; startedAt: number },
    value: string,
    token: IssuedToken,
  ): void {
    const example = `token ${token.number} of ${replica.name}`;
    replica.sent.add(value);
    const goneAt = replica.gone.get(value) ?? Infinity;
    if (startedAt > goneAt) violate('a replica sent a token that it had revoked', example);
    const lateMs = performance.now() - token.issuedAt - lifetimeMs;
    if (lateMs > slackMs && lateMs > slackMs + stalls.recentMs()) {
      violate('an expired shared token reached the API', `${example}, ${Math.round(lateMs)} ms`);
    }
  }

  function startReplica(): Replica {
    replicas += 1;
    const name = `replica ${replicas}`;
    const tokens = createTokenService({
      tokenEndpoint: `${server.origin}/token`,
      revocationEndpoint: `${server.origin}/revoke`,
      clientId: 'orders',
      clientSecret: 'open-sesame',
      store,
      timeoutMs: 1_000,
      logger: telemetry.loggerOf(name),
    });
    const stopObserving = telemetry.observe(tokens);
    const instance = axios.create({ baseURL: api.origin, httpAgent: agent });
    instance.interceptors.request.use(
      bearerToken(tokens, { onEvent: ({ type }) => counts.add(type === 'request.resent' ? 'resent' : 'not resent') }),
    );
    const headers = (callId: string) => ({ 'x-call': callId });
    const ways: Replica['ways'] = {
      axios: (callId) => instance.get('/orders', { headers: headers(callId) }),
      async 'a stream'(callId) {
        const { data } = await instance.get<AsyncIterable<Buffer> & { destroy(): void }>('/orders', {
          headers: headers(callId),
          responseType: 'stream',
        });
        // Some callers stop reading.
        if (random() < 0.2) return data.destroy();
        for await (const chunk of data) counts.add(chunk.length > 0 ? 'pieces' : 'empty pieces');
      },
      // Replaces the global fetch, which may be that of another replica.
      async 'global fetch'(callId) {
        globalThis.fetch = withBearerToken(originalFetch, tokens, { origins: [api.origin] });
        const response = await globalThis.fetch(`${api.origin}/orders`, { headers: headers(callId) });
        await response.text();
        if (!response.ok) throw new StatusError(response.status);
      },
    };
    return {
      name,
      tokens,
      ways,
      gone: new Map(),
      sent: new Set(),
      async end() {
        await tokens.flush();
        stopObserving();
      },
    };
  }

  async function makeCall(replica: Replica, way: string): Promise<void> {
    calls += 1;
    const callId = `shared-${calls}`;
    underWay.set(callId, { replica, startedAt: performance.now() });
    try {
      await telemetry.inSpan(async () => replica.ways[way]?.(callId));
      counts.add(`calls by ${way}`);
    } catch (error) {
      const status = error instanceof StatusError ? error.status : isAxiosError(error) && error.response?.status;
      if (status !== 401 && !(error instanceof TokenError)) violate(`a call by ${way} failed otherwise`, String(error));
      counts.add(status === 401 ? 'calls with a 401' : 'calls without a token');
    } finally {
      underWay.delete(callId);
    }
  }

  async function keepCalling(fleet: Replica[], at: number, own: Random, signal: AbortSignal): Promise<void> {
    while (!signal.aborted) {
      const replica = fleet[at % fleet.length] as Replica;
      await makeCall(replica, pick(own, ['axios', 'a stream', 'global fetch']));
      await sleep(between(own, 20, 120));
    }
  }

  async function keepRevoking(fleet: Replica[], own: Random, signal: AbortSignal): Promise<void> {
    for (;;) {
      await sleep(between(own, 100, 800), undefined, { signal }).catch(() => undefined);
      if (signal.aborted) return;
      const at = Math.floor(own() * fleet.length);
      const replica = fleet[at] as Replica;
      const had = new Set(replica.sent);
      if (own() < 0.4) {
        counts.add('revoke()');
        if (!(await replica.tokens.revoke())) violate('revoke() of shared tokens fails', replica.name);
      } else {
        counts.add('revoke({ shared })');
        await replica.tokens.revoke({ shared: true });
        const now = performance.now();
        for (const value of revokedOf(issued)) if (had.has(value)) replica.gone.set(value, now);
        await checkNewcomer(own);
      }
      // A rolling restart: a process ends, and a new one starts with nothing but the store.
      if (own() < 0.3) {
        counts.add('restarts');
        await replica.end();
        fleet[at] = startReplica();
      }
    }
  }

  /** Checks that a new replica takes no revoked token from the store. */
  async function checkNewcomer(own: Random): Promise<void> {
    const newcomer = startReplica();
    const revoked = revokedOf(issued);
    for (const value of revoked) newcomer.gone.set(value, performance.now());
    await sleep(1);
    await makeCall(newcomer, pick(own, ['axios', 'a stream', 'global fetch']));
    await newcomer.end();
  }

  return {
    figures: () => counts.toJSON(),
    async live(signal) {
      const fleet = [startReplica(), startReplica(), startReplica()];
      await Promise.all([
        keepRevoking(fleet, seededRandom(seed, 'revoker'), signal),
        ...Array.from({ length: callers }, (_, at) => keepCalling(fleet, at, seededRandom(seed, `${at}`), signal)),
      ]);
      globalThis.fetch = originalFetch;
      await Promise.all(fleet.map((replica) => replica.end()));

      // The maximum: one grant for the first token, one for each renewal, and two for each revocation.
      const most = 1 + (performance.now() - began) / (0.6 * lifetimeMs) + 2 * counts.count('revoke({ shared })');
      if (counts.count('grants') > most) violate('replicas send too many grants', `${counts.count('grants')}`);
      if (counts.count('revoked') === 0 || counts.count('resent') === 0) violate('the shared world proved nothing', '');
    },
    close() {
      server.close();
      api.close();
    },
  };
}

const originalFetch = globalThis.fetch;

class StatusError extends Error {
  readonly status: number;

  constructor(status: number) {
    super(`HTTP ${status}`);
    this.status = status;
  }
}

const revokedOf = (issued: ReadonlyMap<string, IssuedToken>): Set<string> =>
  new Set([...issued].filter(([, { revokedAt }]) => revokedAt !== undefined).map(([value]) => value));

async function textOf(request: IncomingMessage): Promise<string> {
  const chunks: Buffer[] = [];
  for await (const chunk of request) chunks.push(chunk as Buffer);
  return Buffer.concat(chunks).toString('utf8');
}

async function listen(
  listener: (request: IncomingMessage, response: ServerResponse) => void,
): Promise<{ readonly origin: string; readonly close: () => Server }> {
  const server = createServer(listener);
  // Short, so that idle connections close soon after the run.
  server.keepAliveTimeout = 2_000;
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  return { origin: `http://127.0.0.1:${(server.address() as AddressInfo).port}`, close: () => server.close() };
}
