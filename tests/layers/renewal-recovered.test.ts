import { describe, expect, test } from '@jest/globals';

import { AccessToken } from '../../src/core/access-token.js';
import { GrantUnavailableError } from '../../src/core/errors.js';
import type { TokenEvent } from '../../src/core/events.js';
import { withCache } from '../../src/layers/cache.js';
import { withNegativeCache } from '../../src/layers/negative-cache.js';
import { cachedTokensOf, tokenCache } from '../../src/layers/token-cache.js';
import { collectNotable } from '../support/events.js';
import { fakeClock } from '../support/clock.js';
import { issue, manualSource, settle } from '../support/tokens.js';

const second = 1_000;
const hour = 3_600 * second;
const away = new GrantUnavailableError('away', { status: 503 });

/** A cache and a negative cache above a source that the test answers. The backoff after a failure is half a second. */
function start(maxTokens = 10) {
  const [source, clock] = [manualSource(), fakeClock()];
  const events: TokenEvent[] = [];
  const cache = tokenCache({ clock, random: () => 0, maxTokens, onEvent: collectNotable(events) });
  const tokens = withCache(cache)(withNegativeCache({ clock, random: () => 0.5 })(source));

  async function answer(scope: string, outcome: AccessToken | Error): Promise<void> {
    const call = tokens.getToken({ scope }).catch(() => undefined);
    await settle();
    if (outcome instanceof Error) source.last().reject(outcome);
    else source.last().resolve(outcome);
    await call;
    await settle();
  }
  const grant = (scope: string, members: Partial<AccessToken> = {}): Promise<void> => {
    const { issuedAt, expiresAt } = issue(scope, clock, hour);
    return answer(scope, new AccessToken({ value: `${scope} ${issuedAt}`, issuedAt, expiresAt, ...members }));
  };
  const recovered = () =>
    events.flatMap((event) =>
      event.type === 'renewal.recovered' ? [[event.requestedScope, event.failures, event.failedForMs]] : [],
    );
  const failing = () =>
    cachedTokensOf(cache)
      .states()
      .filter(({ failingSince }) => failingSince !== undefined);
  return { tokens, source, clock, events, answer, grant, recovered, failing };
}

/** The same, with a token for the scope a, whose renewal has failed once. */
async function startWithFailedRenewal(maxTokens?: number) {
  const started = start(maxTokens);
  await started.grant('a');
  started.clock.advance(hour - 300 * second);
  await started.answer('a', away);
  return started;
}

describe('the recovery of a token request is reported', () => {
  test('with the failures after its token expired', async () => {
    const { clock, answer, grant, recovered, failing } = await startWithFailedRenewal();
    clock.advance(310 * second);
    await answer('a', away);
    clock.advance(10 * second);

    await grant('a');

    expect(recovered()).toEqual([['a', 2, 320 * second]]);
    expect(failing()).toEqual([]);
  });

  test('if all failures happened after its token expired', async () => {
    const { clock, answer, grant, recovered } = start();
    await grant('a');
    clock.advance(hour);
    await answer('a', away);
    clock.advance(second);

    await grant('a');

    expect(recovered()).toEqual([['a', 1, second]]);
  });

  test('if it never had a token', async () => {
    const { clock, answer, grant, recovered } = start();
    await answer('a', away);
    clock.advance(second);

    await grant('a');

    expect(recovered()).toEqual([['a', 1, second]]);
  });

  test('after its token was evicted', async () => {
    const { clock, grant, recovered, failing } = await startWithFailedRenewal(1);
    await grant('b');
    // No gauge counts a failing token request without a token.
    expect(failing()).toMatchObject([{ requestedScope: 'a', expiresAt: undefined }]);
    clock.advance(second);

    await grant('a');

    expect(recovered()).toEqual([['a', 1, second]]);
    expect(failing()).toEqual([]);
  });

  test('after its token was dropped with its certificate', async () => {
    const { clock, grant, recovered, failing } = await startWithFailedRenewal();
    await grant('b', { certificateThumbprint: 'new' });
    expect(failing()).toMatchObject([{ requestedScope: 'a', expiresAt: undefined }]);
    clock.advance(second);

    await grant('a', { certificateThumbprint: 'new' });

    expect(recovered()).toEqual([['a', 1, second]]);
    expect(failing()).toEqual([]);
  });

  test('without the grants that were suppressed', async () => {
    const { clock, tokens, source, answer, grant, recovered } = start();
    await answer('a', away);
    for (let calls = 0; calls < 5; calls += 1) {
      clock.advance(50);
      await expect(tokens.getToken({ scope: 'a' })).rejects.toThrow('away');
    }
    expect(source.calls).toHaveLength(1);
    clock.advance(second);
    await answer('a', away);
    clock.advance(10 * second);

    await grant('a');

    expect(recovered()).toEqual([['a', 2, 11 * second + 250]]);
  });

  test('once, and not for another token request', async () => {
    const { clock, grant, recovered } = await startWithFailedRenewal();
    await grant('b');
    expect(recovered()).toEqual([]);
    clock.advance(second);

    await grant('a');
    clock.advance(hour);
    await grant('a');

    expect(recovered()).toHaveLength(1);
  });
});

describe('a token that the shared store returns because a renewal failed', () => {
  test('is no recovery: its own renewal is due', async () => {
    const { clock, grant, recovered, failing } = await startWithFailedRenewal();
    const failingSince = clock.now();
    clock.advance(280 * second);

    await grant('a', { issuedAt: clock.now() - hour + 25 * second, expiresAt: clock.now() + 25 * second });
    expect(recovered()).toEqual([]);
    expect(failing()).toMatchObject([{ requestedScope: 'a', failingSince, expiresAt: clock.now() + 25 * second }]);
    clock.advance(second);
    await grant('a');

    expect(recovered()).toEqual([['a', 1, 281 * second]]);
    expect(failing()).toEqual([]);
  });

  test('is no recovery if it is older than the token that an API rejected', async () => {
    const { clock, grant, recovered } = await startWithFailedRenewal();
    clock.advance(second);
    const [issuedAt, expiresAt] = [clock.now() - 2 * hour, clock.now() + 2 * hour];

    await grant('a', { issuedAt, expiresAt });

    expect(recovered()).toEqual([]);
  });

  test('is a recovery if another replica has renewed it', async () => {
    const { clock, grant, recovered } = await startWithFailedRenewal();
    clock.advance(280 * second);

    await grant('a', { issuedAt: clock.now() - 200 * second, expiresAt: clock.now() + hour - 200 * second });

    expect(recovered()).toEqual([['a', 1, 280 * second]]);
  });
});
