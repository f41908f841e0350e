import { describe, expect, test } from '@jest/globals';

import { AccessToken } from '../../src/core/access-token.js';
import { GrantUnavailableError } from '../../src/core/errors.js';
import type { TokenSource } from '../../src/core/token-source.js';
import { replicaLayers } from '../fleet/library-replica.js';
import { exponential, seededRandom } from '../fleet/seeded-random.js';
import { virtualTime } from '../properties/virtual-time.js';

// An outage that begins after the advisory refresh and ends shortly before the token expires, in virtual time.

const second = 1_000;
const seeds = Array.from({ length: 20 }, (_, index) => index + 1);
const callsPerSecond = 3;
/** The default timeout of an attempt. */
const timeoutMs = 5 * second;

type Kind = 'answers 503' | 'refuses connections' | 'hangs';

interface Outage {
  readonly kind: Kind;
  readonly lifetimeMs: number;
  /** How long before the expiry of the token the server returns. */
  readonly endsBeforeMs: number;
  readonly seed: number;
}

/** The calls that failed, and the longest wait of a call; times are in milliseconds since the return of the server. */
interface Outcome {
  readonly failedAtMs: readonly number[];
  readonly longestWaitMs: number;
  /** Whether the outage was noticed at all. */
  readonly failedGrants: number;
}

async function live({ kind, lifetimeMs, endsBeforeMs, seed }: Outage): Promise<Outcome> {
  const time = virtualTime();
  const { clock } = time;
  const start = clock.monotonic();
  const elapsed = () => clock.monotonic() - start;
  const returnsAt = lifetimeMs - endsBeforeMs;
  const beginsAt = Math.max(1, returnsAt - Math.min(100 * second, 0.35 * lifetimeMs));
  let failedGrants = 0;

  const server: TokenSource = {
    async getToken() {
      const [issuedAt, issuedAtMonotonic] = [clock.now(), clock.monotonic()];
      const isAway = elapsed() >= beginsAt && elapsed() < returnsAt;
      await clock.sleep(isAway && kind === 'hangs' ? timeoutMs : 100);
      if (isAway) {
        failedGrants += 1;
        throw new GrantUnavailableError('away', kind === 'answers 503' ? { status: 503 } : {});
      }
      const value = `token-${issuedAt}`;
      return new AccessToken({ value, issuedAt, issuedAtMonotonic, expiresAt: issuedAt + lifetimeMs });
    },
  };
  const random = seededRandom(seed, 0, 1);
  const tokens = replicaLayers({ grant: () => server.getToken(), clock, random, onEvent: () => {} });
  const calls = seededRandom(seed, 0, 2);
  const failedAtMs: number[] = [];
  let longestWaitMs = 0;

  function call(): void {
    const from = elapsed();
    tokens.getToken().then(
      () => (longestWaitMs = Math.max(longestWaitMs, elapsed() - from)),
      () => failedAtMs.push(elapsed() - returnsAt),
    );
  }

  let nextCall = 0;
  while (elapsed() < lifetimeMs + 20 * second) {
    const untilSleeper = time.untilNextMs() ?? Infinity;
    const untilCall = nextCall - elapsed();
    if (untilSleeper <= untilCall) {
      time.pass(untilSleeper);
      await time.wake(() => undefined);
    } else {
      time.pass(Math.max(0, untilCall));
      await time.act('caller', call);
      // The calls before the outage are answered from memory.
      nextCall = Math.max(beginsAt, elapsed() + exponential(calls, second / callsPerSecond));
    }
  }
  for (let ms = time.untilNextMs(); ms !== undefined; ms = time.untilNextMs()) {
    time.pass(ms);
    await time.wake(() => undefined);
  }
  return { failedAtMs, longestWaitMs, failedGrants };
}

describe.each<Kind>(['answers 503', 'refuses connections', 'hangs'])('a server that %s', (kind) => {
  test.each([
    [60, 5],
    [60, 2],
    [300, 20],
    [300, 5],
    [300, 2],
    [900, 20],
    [900, 5],
    [900, 2],
    [3_600, 20],
    [3_600, 5],
    [3_600, 2],
  ])(
    'and returns before a token of %d s expires, %d s before, makes no call fail [A40]',
    async (lifetime, endsBefore) => {
      const common = { kind, lifetimeMs: lifetime * second, endsBeforeMs: endsBefore * second };

      for (const seed of seeds) {
        const { failedAtMs, failedGrants, longestWaitMs } = await live({ ...common, seed });

        expect({ seed, failedAtMs }).toEqual({ seed, failedAtMs: [] });
        expect(failedGrants).toBeGreaterThan(0);
        // The server has answered by then, unless the attempt that was under way hangs to its timeout.
        expect(longestWaitMs).toBeLessThan(kind === 'hangs' ? timeoutMs + second : second);
      }
    },
  );
});

test('an outage that outlives the token ends for the callers within about ten seconds [A40]', async () => {
  for (const seed of seeds) {
    const { failedAtMs } = await live({
      kind: 'answers 503',
      lifetimeMs: 60 * second,
      endsBeforeMs: -15 * second,
      seed,
    });

    expect(failedAtMs.length).toBeGreaterThan(0);
    expect(Math.max(...failedAtMs)).toBeLessThan(9.7 * second);
  }
});
