import { setTimeout } from 'node:timers/promises';

import { expect } from '@jest/globals';
import { createClient } from 'redis';

import { startAuthorizationServer } from '../support/authorization-server.js';
import { cleanUp } from '../support/clean-up.js';
import { type RedisServer, runRedis } from '../support/redis-server.js';
import { startRedis, test } from '../support/redis.js';
import { startFleet } from './fleet.js';
import { slowProxy } from './slow-proxy.js';

/** One way in which Redis fails and recovers. */
interface Outage {
  /** The port that the replicas connect to. @default the port of the server */
  readonly port?: number;
  begin(): unknown;
  end(): unknown;
}

type Prepare = (server: RedisServer) => Outage | Promise<Outage>;

const outages: Readonly<Record<string, Prepare>> = {
  'is killed and started again': (server) => ({ begin: () => server.kill(), end: () => restart(server) }),
  'is replaced by an empty one': (server) => ({
    async begin() {
      await server.kill();
      await restart(server);
    },
    end: () => {},
  }),
  'is paused': ({ process }) => ({ begin: () => process.kill('SIGSTOP'), end: () => process.kill('SIGCONT') }),
  'answers slowly': async ({ port }) => {
    const proxy = await slowProxy(port);
    cleanUp(() => proxy.close());
    return { port: proxy.port, begin: () => proxy.delay(400), end: () => proxy.delay(0) };
  },
  'is a replica that takes no writes': byCommands(['REPLICAOF 127.0.0.1 1'], ['REPLICAOF NO ONE']),
  'is out of memory': byCommands(['CONFIG SET maxmemory 1'], ['CONFIG SET maxmemory 0']),
  'wants a password': byCommands(
    ['CONFIG SET requirepass sesame', 'CLIENT KILL TYPE normal'],
    ['CONFIG SET requirepass', 'CLIENT KILL TYPE normal'],
  ),
};

async function restart({ port }: RedisServer): Promise<void> {
  const server = await runRedis({ port });
  cleanUp(() => server.kill());
}

function byCommands(begin: readonly string[], end: readonly string[]): Prepare {
  return async ({ url }) => {
    const admin = await createClient({ url }).connect();
    cleanUp(() => admin.destroy());
    const run = async (commands: readonly string[]): Promise<void> => {
      for (const command of commands) {
        const words = command.split(' ');
        await admin.sendCommand(words.at(-1) === 'requirepass' ? [...words, ''] : words);
      }
    };
    return { begin: () => run(begin), end: () => run(end) };
  };
}

/** The outcome of one call of each of two replicas, one after the other, for a scope that is new. */
interface Round {
  readonly isShared: boolean;
  readonly errors: readonly string[];
  /** Per replica. */
  readonly storeFailures: readonly number[];
}

async function fleetOfTwo(redis: string): Promise<() => Promise<Round>> {
  const server = await startAuthorizationServer();
  const fleet = await startFleet(2, { tokenEndpoint: server.tokenEndpoint, redis });
  let rounds = 0;

  return async () => {
    rounds += 1;
    const scope = `scope-${rounds}`;
    const reports = [];
    for (const replica of fleet) reports.push(await replica.ask({ scope }));
    const answers = reports.flatMap((report) => report.answers);
    return {
      isShared: new Set(answers.map(({ token }) => token)).size === 1,
      errors: answers.flatMap(({ error = [] }) => error),
      storeFailures: reports.map(({ events }) => events.filter((event) => event.startsWith('store.failed')).length),
    };
  };
}

/** The rounds before, during and after an outage: until the replicas share tokens again, for at most ten seconds. */
async function live(prepare: Prepare) {
  const server = await startRedis();
  const outage = await prepare(server);
  const round = await fleetOfTwo(`redis://127.0.0.1:${outage.port ?? server.port}`);
  const before = [await round()];

  await outage.begin();
  const began = performance.now();
  const during: Round[] = [];
  while (performance.now() - began < 1_500) during.push(await round());
  const duringMs = performance.now() - began;

  await outage.end();
  const ended = performance.now();
  const after: Round[] = [];
  while (after.at(-1)?.isShared !== true && performance.now() - ended < 10_000) {
    after.push(await round());
    await setTimeout(50);
  }
  return { before, during, duringMs, after };
}

test('no call fails in an outage of Redis, and processes share tokens again within 10 s [D8]', async () => {
  const lives = await Promise.all(
    Object.entries(outages).map(async ([name, prepare]) => [name, await live(prepare)] as const),
  );

  const found = lives.map(([name, { before, during, duringMs, after }]) => {
    const failures = [0, 1].map((replica) =>
      during.reduce((sum, round) => sum + (round.storeFailures[replica] ?? 0), 0),
    );
    return {
      name,
      isSharedBefore: before.every(({ isShared }) => isShared),
      // A server that is replaced is back at once.
      isAlone: name === 'is replaced by an empty one' || !during.every(({ isShared }) => isShared),
      isSharedAfter: after.at(-1)?.isShared,
      errors: [...before, ...during, ...after].flatMap(({ errors }) => errors),
      isSkipped: Math.max(...failures) <= 1 + Math.floor(duringMs / 5_000),
    };
  });
  const expected = { isSharedBefore: true, isAlone: true, isSharedAfter: true, errors: [], isSkipped: true };
  expect(found).toEqual(Object.keys(outages).map((name) => ({ name, ...expected })));
}, 120_000);
