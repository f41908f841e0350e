import { describe, expect, test } from '@jest/globals';

import type { TokenEvent } from '../../src/core/events.js';
import { encryptedStore } from '../../src/stores/encrypted.js';
import { memoryStore } from '../../src/stores/memory.js';
import { redisStore } from '../../src/stores/redis.js';
import type { TokenStore } from '../../src/stores/token-store.js';
import { startSurroundings } from '../support/adapter-service.js';
import { granted } from '../support/authorization-server.js';
import type { Answer, Handler, RecordedRequest } from '../support/http-server.js';
import { emptyRedis, test as redisTest } from '../support/redis.js';
import { startResourceServer } from '../support/resource-server.js';
import { type Artefact, artefactsOf } from './artefacts.js';
import { canaryLog } from './canary-log.js';
import { leaksIn } from './leaks-in.js';
import { markedSecret, markedToken } from './marks.js';

const keys = [Buffer.alloc(32, 7)];

/** The stores that do not need a server. */
const stores: Readonly<Record<string, () => TokenStore>> = {
  'a memory store': memoryStore,
  'an encrypted store': () => encryptedStore(memoryStore(), { keys }),
  'a store whose errors repeat the entry': () => failing(['set', 'delete']),
  'a store whose errors repeat the entry that is removed': () => failing(['delete']),
  'a store that cannot be read': () => failing(['get', 'lease']),
};

/** A store of a careless author: these methods reject with all that they were given. */
function failing(methods: readonly (keyof TokenStore)[]): TokenStore {
  const inner = memoryStore();
  const fail = (...given: unknown[]) => Promise.reject(Object.assign(new Error(JSON.stringify(given)), { given }));
  return { ...inner, ...Object.fromEntries(methods.map((method) => [method, fail])) };
}

const echo = ({ body, headers }: RecordedRequest, status: number): Answer => ({
  status,
  body: { error: 'invalid_request', error_description: `${body} ${headers.authorization}`, token: markedToken(1) },
});

const revokes: Handler = () => ({});

/** What the revocation endpoint does. */
const endpoints: Readonly<Record<string, Handler>> = {
  revokes,
  'repeats what it was sent': (request) => echo(request, 400),
  'is not available': (request) => echo(request, 503),
  'breaks off': (_request, response) => void response.destroy(),
  redirects: ({ body }) => ({ status: 307, headers: { location: `/elsewhere?${body}` } }),
};

/** Revokes and flushes in each way, with a renewal in between; returns all that is written, and the types of the events. */
async function artefactsOfRevocation(
  store: TokenStore,
  answer: Handler,
): Promise<{ readonly artefacts: readonly Artefact[]; readonly types: readonly string[] }> {
  const { logger, lines } = canaryLog();
  const revocations = await startResourceServer();
  revocations.answer(answer);
  const events: TokenEvent[] = [];
  const { authorizationServer, tokens, clock } = await startSurroundings({
    clientSecret: markedSecret,
    revocationEndpoint: `${revocations.origin}/revoke`,
    store,
    scope: 'orders:read',
    logger,
    onEvent: (event) => events.push(event),
  });
  authorizationServer.script(() => granted(markedToken(authorizationServer.grants.length)));
  const outcomes: unknown[] = [];
  const note = async (call: Promise<unknown>) => outcomes.push(await call.catch((error: unknown) => error));

  const token = await tokens.getToken();
  await note(tokens.flush());
  await note(tokens.revoke());
  await note(tokens.getToken());
  clock.advance(6_000);
  await note(tokens.revoke({ shared: true }));
  await note(tokens.getToken(undefined, { replacing: token }));
  clock.advance(6_000);
  await note(Promise.all([tokens.getToken({ audience: 'stock' }), tokens.flush(), tokens.revoke({ shared: true })]));
  await note(tokens.ready());
  await note(tokens.revoke({ shared: true }));

  expect(outcomes.slice(0, 2)).toEqual([undefined, true]);
  const artefacts = [
    ...Object.entries({ outcomes, events, tokens, token }).flatMap(([what, value]) => artefactsOf(what, value)),
    ...lines.map((text) => ({ origin: 'log', channel: 'log line', text })),
  ];
  return { artefacts, types: events.map(({ type }) => type) };
}

describe.each(Object.entries(stores))('with %s, revoke and flush write down nothing', (_name, makeStore) => {
  test.each(Object.entries(endpoints))('when the endpoint %s [F4 D24 D25 R-24 R-25]', async (_what, answer) => {
    const { artefacts, types } = await artefactsOfRevocation(makeStore(), answer);

    expect(leaksIn(artefacts)).toEqual([]);
    expect(types.includes('revocation.failed') || answer === revokes).toBe(true);
  });
});

redisTest('with Redis, encrypted or not, revoke and flush write down nothing [F4 D24 D25 R-24 R-25]', async () => {
  for (const answer of Object.values(endpoints)) {
    for (const encrypt of [false, true]) {
      const inRedis = redisStore(await emptyRedis());
      const store = encrypt ? encryptedStore(inRedis, { keys }) : inRedis;

      const { artefacts, types } = await artefactsOfRevocation(store, answer);

      expect(leaksIn(artefacts)).toEqual([]);
      expect(types.includes('revocation.failed') || answer === revokes).toBe(true);
    }
  }
});
