import { expect, test } from '@jest/globals';

import { withCache } from '../../src/layers/cache.js';
import { fakeClock } from '../support/clock.js';
import { issue, manualSource, settle } from '../support/tokens.js';

const second = 1_000;

test('C1 a token that has expired is not handed out when the wall clock, set back, shows the time of the last look again', async () => {
  const [source, clock] = [manualSource(), fakeClock()];
  const tokens = withCache({ clock })(source);
  const first = tokens.getToken();
  source.last().resolve(issue('first', clock, 60 * second));
  await first;
  await tokens.getToken();

  clock.step(-3_600 * second);
  clock.advance(3_600 * second);
  const answer = tokens.getToken();
  await settle();
  source.last().resolve(issue('second', clock));

  expect((await answer).value).toBe('second');
});

test('B9 A3 a caller who wakes late, when the token has expired, gets the outcome of the renewal', async () => {
  const [source, clock] = [manualSource(), fakeClock()];
  const tokens = withCache({ clock })(source);
  const first = tokens.getToken();
  source.last().resolve(issue('first', clock, 60 * second));
  await first;

  clock.advance(59 * second);
  const answer = tokens.getToken();
  await settle();
  clock.advance(2 * second);
  await settle();
  source.last().resolve(issue('second', clock));

  expect((await answer).value).toBe('second');
});
