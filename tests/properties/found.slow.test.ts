import { expect, test } from '@jest/globals';

import { GrantUnavailableError } from '../../src/core/errors.js';
import { withCache } from '../../src/layers/cache.js';
import { withRateLimit } from '../../src/layers/rate-limit.js';
import { tokenCache } from '../../src/layers/token-cache.js';
import { fakeClock } from '../support/clock.js';
import { issue, manualSource, settle } from '../support/tokens.js';

const second = 1_000;

test('a caller who wakes late, when the token has expired, gets the outcome of the renewal [B9 A3]', async () => {
  const [source, clock] = [manualSource(), fakeClock()];
  const tokens = withCache(tokenCache({ clock }))(source);
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

test('a 429 without Retry-After closes the gate for 5 s, also when it closed for less while that was on its way [A5]', async () => {
  const [source, clock] = [manualSource(), fakeClock()];
  const tokens = withRateLimit({ clock })(source);
  const ask = (scope: string) => tokens.getToken({ scope }).catch((error: unknown) => error);
  const answers = [ask('a'), ask('b')];
  await settle();
  source.calls[0]?.reject(new GrantUnavailableError('busy', { status: 503, retryAfterMs: 1 * second }));
  await settle();
  source.calls[1]?.reject(new GrantUnavailableError('busy', { status: 429 }));
  await Promise.all(answers);

  clock.advance(4 * second);

  expect(await ask('c')).toMatchObject({ retryAfterMs: 1 * second });
  expect(source.calls).toHaveLength(2);
});
