import { expect, test } from '@jest/globals';

import { withSingleFlight } from '../../src/layers/single-flight.js';
import { sharingContract, tokenSourceContract } from '../contracts/token-source.js';
import { fakeClock } from '../support/clock.js';
import { issue, manualSource, settle } from '../support/tokens.js';

tokenSourceContract('withSingleFlight', withSingleFlight());
sharingContract('withSingleFlight', withSingleFlight());

test('shares one call among all who ask at the same time [D3]', async () => {
  const source = manualSource();
  const tokens = withSingleFlight()(source);
  const token = issue('a', fakeClock());

  const answers = Array.from({ length: 1_000 }, () => tokens.getToken());
  source.last().resolve(token);

  expect(new Set(await Promise.all(answers))).toEqual(new Set([token]));
  expect(source.calls).toHaveLength(1);
});

test('forgets a failure before those who waited hear of it [D14]', async () => {
  const source = manualSource();
  const tokens = withSingleFlight()(source);

  const first = tokens.getToken();
  source.last().reject(new Error('away'));
  await expect(first).rejects.toThrow('away');
  void tokens.getToken();
  await settle();

  expect(source.calls).toHaveLength(2);
});

test('asks again when the flight that was joined comes back with the very token to be replaced [D4]', async () => {
  const source = manualSource();
  const tokens = withSingleFlight()(source);
  const clock = fakeClock();
  const [old, other] = [issue('old', clock), issue('other', clock)];

  const first = tokens.getToken();
  const second = tokens.getToken(undefined, { replacing: old });
  source.last().resolve(old);
  await expect(first).resolves.toBe(old);
  await settle();
  source.last().resolve(other);

  await expect(second).resolves.toBe(other);
  expect(source.last().options?.replacing).toBe(old);
});

test('goes on after a source that threw', async () => {
  let calls = 0;
  const token = issue('a', fakeClock());
  const tokens = withSingleFlight()({
    getToken() {
      calls += 1;
      if (calls === 1) throw new Error('synchronous');
      return Promise.resolve(token);
    },
  });

  await expect(tokens.getToken()).rejects.toThrow('synchronous');

  await expect(tokens.getToken()).resolves.toBe(token);
});

test('asks once, however many have waited for a flight that came back with the token to be replaced [D4]', async () => {
  const source = manualSource();
  const tokens = withSingleFlight()(source);
  const clock = fakeClock();
  const [old, other] = [issue('old', clock), issue('other', clock)];

  const first = tokens.getToken();
  const waiting = Array.from({ length: 20 }, () => tokens.getToken(undefined, { replacing: old }));
  source.last().resolve(old);
  await first;
  await settle();
  source.last().resolve(other);

  expect(new Set(await Promise.all(waiting))).toEqual(new Set([other]));
  expect(source.calls).toHaveLength(2);
});
