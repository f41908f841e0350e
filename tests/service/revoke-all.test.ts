import { expect, test } from '@jest/globals';

import { abortable } from '../../src/core/abort.js';
import type { AccessToken } from '../../src/core/access-token.js';
import { GrantUnavailableError } from '../../src/core/errors.js';
import type { TokenEvent } from '../../src/core/events.js';
import { revocation, type RevocationOptions } from '../../src/service/revoke-all.js';
import { fakeClock } from '../support/clock.js';
import { issue } from '../support/tokens.js';

const clock = fakeClock();
const away = new GrantUnavailableError('away', { status: 503 });

/** Revokes these tokens, all the first time and none afterwards. */
function revoking(kept: readonly AccessToken[], revoke: RevocationOptions['revoke']) {
  const events: TokenEvent[] = [];
  const rest = [...kept];
  return {
    events,
    revoke: revocation({ takeBack: () => rest.splice(0), revoke, onEvent: (event) => events.push(event) }),
  };
}

const issued = (count: number): AccessToken[] =>
  Array.from({ length: count }, (_, index) => issue(`token-${index}`, clock));

test('revokes each token once, and resolves to true [R-76]', async () => {
  const revoked: string[] = [];
  const { revoke, events } = revoking(issued(25), async ({ value }) => void revoked.push(value));

  await expect(revoke()).resolves.toBe(true);

  expect(revoked.toSorted()).toEqual(
    issued(25)
      .map(({ value }) => value)
      .toSorted(),
  );
  expect(events).toEqual([]);
});

test('has nothing to do when there is no token [F9]', async () => {
  const { revoke } = revoking([], () => Promise.reject(away));

  await expect(revoke()).resolves.toBe(true);
});

test('does not reject when the server is not available; an event says why [F9 R-77]', async () => {
  const { revoke, events } = revoking(issued(3), ({ value }) =>
    value === 'token-1' ? Promise.resolve() : Promise.reject(away),
  );

  await expect(revoke()).resolves.toBe(false);

  expect(events).toEqual([{ type: 'revocation.failed', tokens: 2, error: away }]);
});

test('tries again what could not be revoked the last time [R-77]', async () => {
  const asked: string[] = [];
  let isAway = true;
  const { revoke } = revoking(issued(2), ({ value }) => {
    asked.push(value);
    return isAway && value === 'token-0' ? Promise.reject(away) : Promise.resolve();
  });

  const first = await revoke();
  isAway = false;
  const second = await revoke();

  expect([first, second]).toEqual([false, true]);
  expect(asked).toEqual(['token-0', 'token-1', 'token-0']);
});

test('asks for ten at a time [F9]', async () => {
  let [now, most] = [0, 0];
  const { revoke } = revoking(issued(50), async () => {
    most = Math.max(most, (now += 1));
    await new Promise(setImmediate);
    now -= 1;
  });

  await revoke();

  expect(most).toBe(10);
});

test('gives up after two seconds, however many tokens there are [F9]', async () => {
  let asked = 0;
  const { revoke, events } = revoking(issued(100), (_token, signal) => {
    asked += 1;
    return abortable(new Promise<void>(() => {}), signal);
  });
  const began = performance.now();

  const outcome = await revoke();

  expect(outcome).toBe(false);
  expect(performance.now() - began).toBeLessThan(3_000);
  expect(asked).toBe(10);
  expect(events).toMatchObject([{ tokens: 100 }]);
});
