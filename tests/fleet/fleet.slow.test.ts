import { setImmediate } from 'node:timers/promises';

import { describe, expect, test } from '@jest/globals';

import type { TokenSource } from '../../src/core/token-source.js';
import { createTokenService } from '../../src/service/token-service.js';
import { chart } from './chart.js';
import { peak } from './fleet.js';
import { libraryReplica, type Parts } from './library-replica.js';
import {
  library,
  longBackoff,
  measureEscape,
  measureRecovery,
  outage,
  recoveryPolicies,
  simulateRenewals,
} from './measurements.js';
import { policyReplica } from './policies.js';
import { type Conditions, type Replica, surroundings } from './replica.js';

const hourMs = 3_600_000;
const seeds = [1, 2, 3];
const fleet = (seed: number) => ({ replicas: 500, callsPerSecond: 10, seed });

const calm: Conditions = { ...fleet(1), lifetimeMs: 600_000, untilMs: 4 * 600_000 };
const cutOff: Conditions = { ...calm, outage, untilMs: outage.toMs + 60_000 };

/** Each request of one replica: when it reaches the authorization server, and whether it is granted. */
async function requestsOf(
  replica: Replica,
  conditions: Conditions,
  index = 0,
): Promise<(readonly [number, boolean])[]> {
  const requests: (readonly [number, boolean])[] = [];
  await replica(
    surroundings(conditions, index),
    (...request) => requests.push(request),
    () => {},
  );
  return requests;
}

describe('500 replicas that are started together', () => {
  test.each(seeds)('renew tokens of an hour at no more than 8 a second (seed %i) [D6]', async (seed) => {
    const { grants, waves } = await simulateRenewals(fleet(seed), hourMs, library);

    expect(waves[1] && peak(grants, waves[1])).toBeLessThanOrEqual(8);
  });

  test('drift further apart with each renewal [D6]', async () => {
    const { grants, waves } = await simulateRenewals(fleet(1), hourMs, library, 6);

    const [first = 0, sixth = 0] = [waves[1], waves[6]].map((wave) => wave && peak(grants, wave));
    expect(sixth).toBeGreaterThan(0);
    expect(sixth).toBeLessThan(first);
  });

  test.each([
    ['fixed, 60 s before expiry', 450],
    ['our window, drawn at each check', 50],
  ])('would renew at once by another policy: %s [D6]', async (policy, atLeast) => {
    const { grants, waves } = await simulateRenewals(fleet(1), hourMs, policy);

    expect(waves[1] && peak(grants, waves[1])).toBeGreaterThan(atLeast);
  });
});

describe('500 replicas whose tokens all expire in an outage of ten minutes', () => {
  test('ask once in 9 s each, and are all served within 10 s of the return, spread over that time [A3 A40]', async () => {
    const recovery = await measureRecovery(fleet(1), library);

    // 500 replicas, each after 9.3 s in the mean.
    expect(recovery.requestsPerSecond).toBeLessThan(57);
    expect(recovery.meanAtReturn).toBeLessThan(57);
    expect(recovery.peakAtReturn).toBeLessThanOrEqual(85);
    expect(recovery.lastServedSeconds).toBeLessThan(10);
  }, 30_000);

  test('have no failed call when the outage ends 5 s before their tokens expire, by a maximum of 9.5 s and of 29.5 s [A40]', async () => {
    const [ours, long] = [await measureEscape(fleet(1), library), await measureEscape(fleet(1), longBackoff)];

    expect(ours).toMatchObject({ failed: 0 });
    expect(long).toMatchObject({ failed: 0 });
    // The half of them whose backoff reaches past the expiry ask in the second after it.
    expect(ours.peak).toBeLessThanOrEqual(250);
    expect(ours.lastServedSeconds).toBeLessThan(7);
  }, 60_000);

  test('would have failed calls if they asked again after 30 s [A40]', async () => {
    const { failed } = await measureEscape({ ...fleet(1), replicas: 100 }, 'asks again after 30 s');

    expect(failed).toBeGreaterThan(50);
  });

  test('would all come back at once if each call asked again [A3]', async () => {
    const recovery = await measureRecovery({ ...fleet(1), replicas: 100 }, 'asks again on each call');

    expect(recovery.peakAtReturn).toBeGreaterThan(90);
    expect(recovery.requestsPerSecond).toBeGreaterThan(400);
  });
});

describe('a replica of the simulation', () => {
  test.each([
    ['renews [D6]', calm, 4],
    ['is cut off [A3]', cutOff, 20],
  ])(
    '%s at the same times when the calls that are answered from memory are made too',
    async (_, conditions, atLeast) => {
      const skipping = await requestsOf(libraryReplica(), conditions);

      const calling = await requestsOf(libraryReplica({ everyCall: true }), conditions);

      expect(skipping.length).toBeGreaterThanOrEqual(atLeast);
      expect(calling).toEqual(skipping);
    },
  );

  test.each([
    ['renews [D6]', calm],
    ['is cut off [A3]', cutOff],
  ])('%s at the same times with createTokenService', async (_, conditions) => {
    const simulated = await requestsOf(libraryReplica(), conditions);

    const real = await requestsOf(libraryReplica({ makeSource: tokenService(conditions) }), conditions);

    expect(real).toEqual(simulated);
  });

  test('lives another life than its neighbour, and the same one again', async () => {
    const [first, neighbour, again] = await Promise.all(
      [0, 1, 0].map((index) => requestsOf(libraryReplica(), calm, index)),
    );

    expect(again).toEqual(first);
    expect(neighbour).not.toEqual(first);
  });

  test('asks at its own pace while it is cut off, when it is not one of ours', async () => {
    const replica = policyReplica({ windowMs: () => 60_000, paceMs: 10_000 });

    const refused = (await requestsOf(replica, cutOff)).filter(([, isGranted]) => !isGranted);

    const pauses = refused.slice(1).map(([atMs], index) => atMs - (refused[index]?.[0] ?? 0));
    expect(Math.min(...pauses)).toBeGreaterThan(10_000);
  });
});

test('all policies of an outage serve everybody in the end', async () => {
  for (const policy of recoveryPolicies.keys()) {
    const { lastServedSeconds } = await measureRecovery({ ...fleet(1), replicas: 20 }, policy);

    expect(lastServedSeconds).toBeLessThan(35);
  }
});

test('the chart names its axes and labels each series with its worst second', () => {
  const perSecond = new Uint32Array(100).fill(3, 20, 60);

  const svg = chart({
    title: 'Grants',
    subtitle: 'here & there',
    series: [{ label: 'ours', perSecond }],
    fromSecond: 10,
    toSecond: 90,
  });

  expect(svg).toContain('>ours: 3</text>');
  expect(svg).toContain('>grants a second, log scale</text>');
  expect(svg).toContain('>time since start, minutes:seconds</text>');
  expect(svg).toContain('>here &#38; there</text>');
});

/** The service as its users make it, with a token endpoint in the time of the replica. */
function tokenService({ lifetimeMs }: Conditions): (parts: Parts) => TokenSource {
  return ({ grant, maxBackoffMs, ...parts }) => {
    const service = createTokenService({
      ...parts,
      retry: { maxBackoffMs },
      tokenEndpoint: 'https://auth.example.com/token',
      clientId: 'orders-service',
      clientSecret: 'secret',
      fetch: async () => {
        try {
          const { value } = await grant();
          return Response.json({ access_token: value, token_type: 'Bearer', expires_in: lifetimeMs / 1_000 });
        } catch {
          return new Response(null, { status: 503 });
        }
      },
    });
    return {
      async getToken(...call) {
        try {
          return await service.getToken(...call);
        } finally {
          // Reading a response takes some turns of the event loop.
          for (let turn = 0; turn < 20; turn += 1) await setImmediate();
        }
      },
    };
  };
}
