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

test('R-76 revokes each token once, and resolves to true', async () => {
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

test('F9 has nothing to do when there is no token', async () => {
  const { revoke } = revoking([], () => Promise.reject(away));

  await expect(revoke()).resolves.toBe(true);
});

test('F9 R-77 does not reject when the server is not available; an event says why', async () => {
  const { revoke, events } = revoking(issued(3), ({ value }) =>
    value === 'token-1' ? Promise.resolve() : Promise.reject(away),
  );

  await expect(revoke()).resolves.toBe(false);

  expect(events).toEqual([{ type: 'revocation.failed', tokens: 2, error: away }]);
});

test('R-77 tries again what could not be revoked the last time', async () => {
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

test('F9 asks for ten at a time', async () => {
  let [now, most] = [0, 0];
  const { revoke } = revoking(issued(50), async () => {
    most = Math.max(most, (now += 1));
    await new Promise(setImmediate);
    now -= 1;
  });

  await revoke();

  expect(most).toBe(10);
});

test('F9 gives up after two seconds, however many tokens there are', async () => {
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
