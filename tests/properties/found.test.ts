import { expect, test } from '@jest/globals';

import { GrantUnavailableError } from '../../src/errors.js';
import { withCache } from '../../src/layers/cache.js';
import { withGate } from '../../src/layers/gate.js';
import { fakeClock } from '../support/clock.js';
import { issue, manualSource, settle } from '../support/tokens.js';

const second = 1_000;

/** A gate before a source that the test answers, and two requests that were let in before it closed. */
async function twoUnderWay() {
  const [source, clock] = [manualSource(), fakeClock()];
  const tokens = withGate({ clock })(source);
  const answers = ['a', 'b'].map((scope) => tokens.getToken({ scope }).catch((error: unknown) => error));
  await settle();
  const [first, other] = source.calls;
  first?.reject(new GrantUnavailableError('busy', { status: 503, retryAfterMs: 60 * second }));
  await settle();
  return { source, clock, tokens, answers, other };
}

test('A4 a success that was on its way when the server asked to be left alone does not open the gate', async () => {
  const { source, clock, tokens, answers, other } = await twoUnderWay();

  other?.resolve(issue('b', clock));
  await Promise.all(answers);

  await expect(tokens.getToken({ scope: 'c' })).rejects.toThrow('busy');
  expect(source.calls).toHaveLength(2);
});

test('A4 a shorter wait that is asked for later does not shorten the longer one', async () => {
  const { source, clock, tokens, answers, other } = await twoUnderWay();

  other?.reject(new GrantUnavailableError('busy', { status: 503, retryAfterMs: 1 * second }));
  await Promise.all(answers);
  clock.advance(2 * second);

  await expect(tokens.getToken({ scope: 'c' })).rejects.toThrow('busy');
  expect(source.calls).toHaveLength(2);
});

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
