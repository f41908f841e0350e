import { expect, test } from '@jest/globals';

import { withCache } from '../../src/layers/cache.js';
import { tokenCache } from '../../src/layers/token-cache.js';
import { fakeClock } from '../support/clock.js';
import { issue, manualSource, settle } from '../support/tokens.js';

// What the chaos found, without the chaos.

test('a caller whose wait for a renewal ends after the expiry, since timers were late, gets the new token [B9]', async () => {
  const clock = fakeClock();
  const source = manualSource();
  const tokens = withCache(tokenCache({ clock, random: () => 0.5 }))(source);
  const first = tokens.getToken();
  await settle();
  source.last().resolve(issue('token-1', clock, 10_000));
  await first;
  clock.advance(9_500);

  const outcome = tokens.getToken().then(
    ({ value }) => value,
    (error: unknown) => error,
  );
  await settle();
  // In one step: the timer for a part of the last 500 ms has its turn only now.
  clock.advance(600);
  await settle();
  source.last().resolve(issue('token-2', clock, 10_000));

  expect(await outcome).toBe('token-2');
  expect(source.calls).toHaveLength(2);
});
