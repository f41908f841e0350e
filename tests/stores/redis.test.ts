import { setTimeout } from 'node:timers/promises';

import { describe, expect } from '@jest/globals';
import { createTokenService, encryptedStore, type TokenEvent } from 'm2m-tokens';
import { createClient } from 'redis';

import { type RedisConnection, redisStore } from '../../src/stores/redis.js';
import type { StoredToken } from '../../src/stores/token-store.js';
import { tokenStoreContract } from '../contracts/token-store.js';
import { granted, startAuthorizationServer } from '../support/authorization-server.js';
import { cleanUp } from '../support/clean-up.js';
import { emptyRedis, test } from '../support/redis.js';
import { collectNotable } from '../support/events.js';

tokenStoreContract(
  'redisStore',
  async () => {
    const client = await emptyRedis();
    // Redis uses its own clock.
    return { store: redisStore(client), pass: (ms) => setTimeout(ms) };
  },
  test,
);

const token: StoredToken = { version: 1, issuedAt: 1_000, expiresAt: 61_000, payload: 'a' };
const secret = 'c4n4ry-s3cret';

/** A Redis client, an authorization server, and services that share tokens in Redis. */
async function sharing() {
  const client = await emptyRedis();
  const server = await startAuthorizationServer();
  const events: TokenEvent[] = [];
  const service = ({ clientId = 'orders', keys }: { clientId?: string; keys?: readonly Uint8Array[] } = {}) => {
    const store = redisStore(client);
    return createTokenService({
      tokenEndpoint: server.tokenEndpoint,
      clientId,
      clientSecret: secret,
      store: keys === undefined ? store : encryptedStore(store, { keys }),
      onEvent: collectNotable(events),
    });
  };
  return { client, server, events, service };
}

/** Waits until the token is stored and the lease is released, which happens after the call. */
async function settled({ client }: Awaited<ReturnType<typeof sharing>>): Promise<void> {
  while ((await client.keys('*:lease')).length > 0) await setTimeout(1);
}

describe('tokens in Redis', () => {
  test('a hit costs one command [D7]', async () => {
    const world = await sharing();
    const { client, server, service } = world;
    await service().getToken();
    await settled(world);
    await client.sendCommand(['CONFIG', 'RESETSTAT']);

    const { value } = await service().getToken();
    const { length } = server.grants;
    const statistics = await client.info('commandstats');

    expect([value, length]).toEqual(['token-1', 1]);
    const commands = [...statistics.matchAll(/^cmdstat_([^:]+):calls=(\d+)/gm)].map(([, name, calls]) => [name, calls]);
    expect(commands.filter(([name]) => !['config|resetstat', 'info'].includes(name ?? ''))).toEqual([['get', '1']]);
  });

  test.each<[string, (entry: Buffer) => Buffer]>([
    ['garbage', () => Buffer.from('\u0000\ufffdgarbage')],
    ['an empty value', () => Buffer.alloc(0)],
    ['a header alone', (entry) => entry.subarray(0, 30)],
    ['a cut entry', (entry) => entry.subarray(0, -3)],
    ['a flipped bit in the token', (entry) => flip(entry, entry.indexOf('token-1'))],
    ['a flipped bit in the issue time', (entry) => flip(entry, 5)],
    ['an issue time in the future', (entry) => Buffer.from(entry.toString().replace(/^1:1/, '1:2'))],
    ['an older format', (entry) => Buffer.from(entry.toString().replace(/^1:/, '0:'))],
  ])('%s instead of an entry is a miss, and is replaced [D9 D10]', async (_, change) => {
    const world = await sharing();
    const { client, events, service } = world;
    await service().getToken();
    await settled(world);
    const [key = ''] = await client.keys('*');
    const entry = Buffer.from((await client.get(key)) ?? '');

    await client.set(key, change(entry));
    const anew = await service().getToken();
    await settled(world);
    const next = await service().getToken();

    expect([anew.value, next.value]).toEqual(['token-2', 'token-2']);
    expect(events.filter(({ type }) => type === 'store.failed')).toEqual([]);
  });

  test('a value that is no entry is deleted when it is read [D9]', async () => {
    const client = await emptyRedis();
    await client.set('m2m-tokens:{a}', 'garbage');

    expect(await redisStore(client).get('a')).toBeUndefined();
    expect(await client.keys('*')).toEqual([]);
  });

  test('the entry of another client is a miss [D9 D1]', async () => {
    const world = await sharing();
    const { client, service } = world;
    await service().getToken();
    await settled(world);
    const [key = ''] = await client.keys('*');
    await service({ clientId: 'invoices' }).getToken();
    await settled(world);
    const other = (await client.keys('*')).find((name) => name !== key) ?? '';

    await client.copy(key, other, { REPLACE: true });
    const { value } = await service({ clientId: 'invoices' }).getToken();

    expect(value).toBe('token-3');
  });

  test('an entry of a newer format stays, and each service sends its own grants [D9]', async () => {
    const world = await sharing();
    const { client, service } = world;
    await service().getToken();
    await settled(world);
    const [key = ''] = await client.keys('*');
    const newer = '4:1:2:something else';

    await client.set(key, newer);
    const values = [await service().getToken(), await service().getToken()].map(({ value }) => value);
    await settled(world);

    expect(values).toEqual(['token-2', 'token-3']);
    expect(await client.get(key)).toBe(newer);
  });

  test('a wrong encryption key is a miss [D10]', async () => {
    const world = await sharing();
    const [one, other] = [new Uint8Array(32).fill(1), new Uint8Array(32).fill(2)];
    await world.service({ keys: [one] }).getToken();
    await settled(world);

    const { value } = await world.service({ keys: [other] }).getToken();

    expect(value).toBe('token-2');
    expect(world.events.filter(({ type }) => type === 'store.failed')).toEqual([]);
  });

  test.each([
    ['no secret', undefined, [secret]],
    ['neither a secret nor a token with encryption', [new Uint8Array(32).fill(7)], [secret, 't0ken-c4n4ry']],
  ])('commands and values in Redis contain %s [D2 D10 R-25]', async (_, keys, canaries) => {
    const world = await sharing();
    const { client, server, service } = world;
    server.script(granted('t0ken-c4n4ry', { scope: 'a b' }));
    const received: string[] = [];
    const listener = client.duplicate();
    await listener.connect();
    cleanUp(() => listener.destroy());
    await listener.monitor((line) => received.push(line));

    const first = await service(keys && { keys }).getToken({ parameters: { tenant: 'acme' } });
    await settled(world);
    const second = await service(keys && { keys }).getToken({ parameters: { tenant: 'acme' } });
    const dumps = [];
    for (const key of await client.keys('*')) dumps.push(key, await client.dump(key));

    expect([first.value, second.value, server.grants.length]).toEqual(['t0ken-c4n4ry', 't0ken-c4n4ry', 1]);
    expect(received.length).toBeGreaterThan(4);
    expect(dumps.length).toBeGreaterThan(1);
    const all = [...received, ...dumps].join('\n');
    const encodings = ['utf8', 'base64', 'base64url', 'hex'] as const;
    const forms = canaries.flatMap((canary) => encodings.map((encoding) => Buffer.from(canary).toString(encoding)));
    expect(forms.filter((form) => all.includes(form.replace(/=+$/, '')))).toEqual([]);
  });
});

describe('the client', () => {
  test('must be one of the package redis, with known options [F10 F17]', async () => {
    const other = { get: async () => null, on: () => {} } as unknown as RedisConnection;
    const client = createClient();

    expect(() => redisStore(other)).toThrow(/"client" of redisStore must be an object with the methods/);
    expect(() => redisStore(undefined as never)).toThrow(/^"client" of redisStore must be .*, not undefined$/);
    expect(() => redisStore(client, { keyPrefix: 'a' } as object)).toThrow('did you mean "prefix"');
  });

  test('separates stores by their prefix', async () => {
    const client = await emptyRedis();
    const [one, other] = [redisStore(client), redisStore(client, { prefix: 'other:' })];

    await one.set('a', token, 60_000);
    await one.lease('a', 60_000);

    expect(await other.get('a')).toBeUndefined();
    expect(await other.lease('a', 60_000)).toBeDefined();
    expect((await client.keys('*')).toSorted()).toEqual(['m2m-tokens:{a}', 'm2m-tokens:{a}:lease', 'other:{a}:lease']);
  });

  test('may return bytes, or be a pool', async () => {
    const client = await emptyRedis();
    const bytes = client.withTypeMapping({ 36: Buffer });
    const pool = client.createPool();
    await pool.connect();
    cleanUp(() => pool.destroy());

    await redisStore(bytes).set('a', token, 60_000);

    expect(await redisStore(bytes).get('a')).toEqual(token);
    expect(await redisStore(pool).get('a')).toEqual(token);
  });
});

function flip(entry: Buffer, index: number): Buffer {
  const flipped = Buffer.from(entry);
  flipped[index] = (flipped[index] ?? 0) ^ 1;
  return flipped;
}
