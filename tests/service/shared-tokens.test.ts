import { describe, expect, test } from '@jest/globals';

import type { TokenEvent } from '../../src/core/events.js';
import { createTokenService } from '../../src/service/token-service.js';
import { encryptedStore } from '../../src/stores/encrypted.js';
import { memoryStore } from '../../src/stores/memory.js';
import { redisStore } from '../../src/stores/redis.js';
import type { StoredToken, TokenStore } from '../../src/stores/token-store.js';
import { startAuthorizationServer } from '../support/authorization-server.js';
import { startHttpServer } from '../support/http-server.js';
import { emptyRedis, test as redisTest } from '../support/redis.js';
import { collectNotable } from '../support/events.js';

/** Replicas with one store, an authorization server and its revocation endpoint. */
async function fleet(store: TokenStore = memoryStore()) {
  const revocations = await startHttpServer(() => ({}));
  const server = await startAuthorizationServer();
  const events: TokenEvent[] = [];
  const replica = () =>
    createTokenService({
      tokenEndpoint: server.tokenEndpoint,
      revocationEndpoint: `${revocations.origin}/revoke`,
      clientId: 'orders',
      clientSecret: 'secret',
      store,
      onEvent: collectNotable(events),
    });
  const revoked = () => revocations.requests.map(({ body }) => new URLSearchParams(body).get('token'));
  return { server, store, replica, revoked, events };
}

/** A store whose writes wait until the test lets them go. */
function slowToWrite(store: TokenStore): TokenStore & { letGo(): void } {
  let letGo = (): void => undefined;
  const gate = new Promise<void>((resolve) => (letGo = resolve));
  return { ...store, letGo, set: async (...call) => gate.then(() => store.set(...call)) };
}

test('a token that is rejected within the least time is replaced by the newer one of another replica [D23]', async () => {
  const { server, replica } = await fleet();
  const [ours, other] = [replica(), replica()];
  const first = await ours.getToken();
  const second = await ours.getToken(undefined, { replacing: first });
  await ours.flush();
  // Our renewal was a moment ago. The other replica replaces its token now.
  const third = await other.getToken(undefined, { replacing: second });
  await other.flush();

  const replacement = await ours.getToken(undefined, { replacing: second });

  expect(replacement.value).toBe(third.value);
  expect(server.grants).toHaveLength(3);
});

test('without a newer one in the store the rejected token stays the answer within the least time [D23 E3]', async () => {
  const { server, replica } = await fleet();
  const tokens = replica();
  const first = await tokens.getToken();
  const second = await tokens.getToken(undefined, { replacing: first });
  await tokens.flush();

  const answers = await Promise.all(
    Array.from({ length: 50 }, () => tokens.getToken(undefined, { replacing: second })),
  );

  expect(new Set(answers.map(({ value }) => value))).toEqual(new Set([second.value]));
  expect(server.grants).toHaveLength(2);
});

describe('revoke() of one replica', () => {
  test('leaves the token alone that the others use, and drops it from memory only [D24]', async () => {
    const { server, replica, revoked } = await fleet();
    const [leaving, survivor] = [replica(), replica()];
    await leaving.ready();
    await survivor.ready();

    expect(await leaving.revoke()).toBe(true);

    expect(revoked()).toEqual([]);
    expect((await survivor.getToken()).value).toBe('token-1');
    expect((await replica().getToken()).value).toBe('token-1');
    // The leaving replica itself does not use it any more.
    expect((await leaving.getToken()).value).toBe('token-2');
    expect(server.grants).toHaveLength(2);
  });

  test('with { shared: true } removes the entry before it revokes, so that no replica takes a revoked token [D24]', async () => {
    const memory = memoryStore();
    const order: string[] = [];
    const { replica, revoked } = await fleet({
      ...memory,
      async delete(...call) {
        order.push(`removed with ${revoked().length} revoked`);
        await memory.delete(...call);
      },
    });
    const tokens = replica();
    await tokens.ready();

    expect(await tokens.revoke({ shared: true })).toBe(true);

    expect(order).toEqual(['removed with 0 revoked']);
    expect(revoked()).toEqual(['token-1']);
    expect((await replica().getToken()).value).toBe('token-2');
  });

  test('with { shared: true } a request that still holds the revoked token brings it back neither here nor in the store [D24]', async () => {
    const { server, replica } = await fleet();
    const [leaving, survivor] = [replica(), replica()];
    const first = await leaving.getToken();
    const second = await leaving.getToken(undefined, { replacing: first });
    await leaving.flush();
    expect((await survivor.getToken()).value).toBe(second.value);
    await leaving.revoke({ shared: true });

    const answer = await leaving.getToken(undefined, { replacing: second });
    await leaving.flush();

    expect(answer.value).toBe('token-3');
    expect((await survivor.getToken(undefined, { replacing: second })).value).toBe('token-3');
    expect(server.grants).toHaveLength(3);
  });

  test('with { shared: true } no other replica puts the revoked token back into the store [D24]', async () => {
    const { replica } = await fleet();
    const [leaving, survivor] = [replica(), replica()];
    const first = await survivor.getToken();
    const second = await survivor.getToken(undefined, { replacing: first });
    await survivor.flush();
    expect((await leaving.getToken()).value).toBe(second.value);
    await leaving.revoke({ shared: true });

    // The survivor was granted this token a moment ago, so it is the answer again.
    await survivor.getToken(undefined, { replacing: second });
    await survivor.flush();

    expect((await replica().getToken()).value).toBe('token-3');
  });

  test('with { shared: true } revokes nothing that it cannot remove from the store [D24]', async () => {
    const { replica, revoked, events } = await fleet({
      ...memoryStore(),
      delete: () => Promise.reject(new Error('connection lost')),
    });
    const tokens = replica();
    await tokens.ready();

    expect(await tokens.revoke({ shared: true })).toBe(false);

    expect(revoked()).toEqual([]);
    expect(events.at(-1)).toMatchObject({ type: 'revocation.failed', tokens: 1 });
  });

  test('without a store revokes at the authorization server [R-76]', async () => {
    const revocations = await startHttpServer(() => ({}));
    const server = await startAuthorizationServer();
    const tokens = createTokenService({
      tokenEndpoint: server.tokenEndpoint,
      revocationEndpoint: `${revocations.origin}/revoke`,
      clientId: 'orders',
      clientSecret: 'secret',
    });
    await tokens.ready();
    await tokens.flush();

    expect(await tokens.revoke()).toBe(true);
    expect(revocations.requests).toHaveLength(1);
  });
});

describe('a write to the store that is under way', () => {
  test.each(['ready', 'flush', 'revoke'] as const)('is awaited by %s() [D25]', async (method) => {
    const store = slowToWrite(memoryStore());
    const { replica } = await fleet(store);
    const tokens = replica();
    if (method !== 'ready') await tokens.getToken();
    let isDone = false;
    const waiting = Promise.resolve(tokens[method]()).then(() => (isDone = true));
    await new Promise((resolve) => void setImmediate(resolve));
    expect(isDone).toBe(false);

    store.letGo();
    await waiting;

    expect((await replica().getToken()).value).toBe('token-1');
  });

  redisTest('ends before flush() does, also with encryption: the client may be closed then [D25]', async () => {
    const client = await emptyRedis();
    const store = encryptedStore(redisStore(client), { keys: [new Uint8Array(32).fill(7)] });
    const { replica } = await fleet(store);
    const tokens = replica();

    await tokens.getToken();
    await tokens.flush();

    expect(await client.keys('*')).toHaveLength(1);
  });
});

describe('an odd entry of the store', () => {
  const good: StoredToken = { version: 1, issuedAt: 1, expiresAt: 2, payload: 'x' };

  test.each<[string, unknown]>([
    ['a version that is a string', { ...good, version: '2' }],
    ['a version that is no whole number', { ...good, version: 1.5 }],
    ['no version', { ...good, version: undefined }],
    ['a version that is not a number', { ...good, version: NaN }],
    ['an endless version', { ...good, version: Infinity }],
    ['a payload of bytes', { ...good, payload: Buffer.from('x') }],
    ['times that are strings', { ...good, issuedAt: '1', expiresAt: '2' }],
    ['a text in place of an object', 'token'],
    ['a number', 7],
    ['an array', [good]],
  ])('that has %s is replaced, and the next replica shares the token [D26]', async (_, entry) => {
    const memory = memoryStore();
    let odd: unknown = entry;
    const { server, replica } = await fleet({
      ...memory,
      get: async (key) => (odd === undefined ? memory.get(key) : (odd as StoredToken)),
      async set(...call) {
        odd = undefined;
        await memory.set(...call);
      },
      async delete(...call) {
        odd = undefined;
        await memory.delete(...call);
      },
    });
    const tokens = replica();

    expect((await tokens.getToken()).value).toBe('token-1');
    await tokens.flush();

    expect((await replica().getToken()).value).toBe('token-1');
    expect(server.grants).toHaveLength(1);
  });
});
