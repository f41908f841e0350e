import { expect, test } from '@jest/globals';

import { AccessToken } from '../../src/access-token.js';
import { withCache } from '../../src/layers/cache.js';
import { fakeClock } from '../support/clock.js';

// What the chaos found, without the chaos.

test('B9 D14 a caller whose wait for a renewal ends after the expiry, since timers were late, gets the new token', async () => {
  const clock = fakeClock();
  const issue = (value: string) =>
    new AccessToken({
      value,
      issuedAt: clock.now(),
      issuedAtMonotonic: clock.monotonic(),
      expiresAt: clock.now() + 10_000,
    });
  let grant: (token: AccessToken) => void = () => {};
  const first = issue('token-1');
  const answers = [Promise.resolve(first), new Promise<AccessToken>((resolve) => (grant = resolve))];
  const next = answers[Symbol.iterator]();
  const renewal = answers[1] as Promise<AccessToken>;
  const tokens = withCache({ clock, random: () => 0.5 })({ getToken: async () => next.next().value ?? renewal });
  await tokens.getToken();
  clock.advance(9_500);

  const waiting = tokens.getToken();
  // By one step: the timer for a part of the last 500 ms has its turn only now.
  clock.advance(600);
  await new Promise((resolve) => setImmediate(resolve));
  grant(issue('token-2'));

  expect((await waiting).value).toBe('token-2');
});
