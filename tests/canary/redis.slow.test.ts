import { describe, expect } from '@jest/globals';
import type { createClient } from 'redis';

import { encryptedStore } from '../../src/stores/encrypted.js';
import { redisStore } from '../../src/stores/redis.js';
import type { TokenStore } from '../../src/stores/token-store.js';
import { startSurroundings } from '../support/adapter-service.js';
import { granted } from '../support/authorization-server.js';
import { emptyRedis, test } from '../support/redis.js';
import { type Artefact, artefactsOf } from './artefacts.js';
import { canaryLog } from './canary-log.js';
import { leaksIn } from './leaks-in.js';
import { markedSecret, markedToken } from './marks.js';

type Redis = ReturnType<typeof createClient>;

/** Lets replicas share, renew and revoke tokens in a store; returns the commands and data of Redis, and the output of the replicas. */
async function artefactsOfFleet(store: (client: Redis) => TokenStore): Promise<readonly Artefact[]> {
  const client = await emptyRedis();
  const heard: string[] = [];
  const listener = client.duplicate();
  await listener.connect();
  await listener.monitor((line) => heard.push(line));
  const { logger, lines } = canaryLog();
  const shared = store(client as Redis);
  const { authorizationServer, tokens, events, clock } = await startSurroundings({
    clientSecret: markedSecret,
    store: shared,
    scope: 'orders:read',
    logger,
  });
  authorizationServer.script(() => granted(markedToken(authorizationServer.grants.length)));

  const token = await tokens.getToken();
  await tokens.getToken({ audience: 'stock' });
  // The lease of the first grant ends after its write; by this clock a wait for it would last for ever.
  await tokens.flush();
  clock.advance(6_000);
  await tokens.getToken(undefined, { replacing: token });
  const keys = (await client.keys('*')).toSorted();
  const held = await Promise.all(keys.map(async (key) => `${key} ${await client.get(key)}`));
  const said = [await client.info('everything'), JSON.stringify(await client.sendCommand(['SLOWLOG', 'GET']))];
  // A store that no longer works.
  client.destroy();
  clock.advance(6_000);
  const last = await tokens.getToken({ audience: 'returns' });
  listener.destroy();

  const texts = { MONITOR: heard, 'a value': held, INFO: said, 'a key': keys, 'a log line': lines };
  return [
    ...Object.entries(texts).flatMap(([channel, all]) => all.map((text) => ({ origin: 'redis', channel, text }))),
    ...Object.entries({ events, last, shared }).flatMap(([what, value]) => artefactsOf(what, value)),
  ];
}

const keys = [Buffer.alloc(32, 7)];

describe('what Redis is told and holds, and what is told of it', () => {
  test('is neither a secret nor a token when the store is encrypted [F4 D2 D10 R-24 R-25]', async () => {
    const artefacts = await artefactsOfFleet((client) => encryptedStore(redisStore(client), { keys }));

    expect(leaksIn(artefacts, [Buffer.alloc(32, 7).toString('base64')])).toEqual([]);
    expect(artefacts.map(({ channel }) => channel)).toEqual(
      expect.arrayContaining(['MONITOR', 'a value', 'INFO', 'a key', 'a log line']),
    );
    expect(artefacts.length).toBeGreaterThan(50);
  });

  test('is tokens in values, and no secret anywhere, when it is not; and the canary sees them [F4 D2 R-24 R-25]', async () => {
    const artefacts = await artefactsOfFleet(redisStore);

    const places = leaksIn(artefacts).map((line) => line.replace(/(?<=token) .* by/, ' by'));
    expect(new Set(places)).toEqual(new Set(['redis: token by MONITOR', 'redis: token by a value']));
  });
});
