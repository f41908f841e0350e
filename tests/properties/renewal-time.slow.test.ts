import { expect, test } from '@jest/globals';

import { withCache } from '../../src/layers/cache.js';
import { tokenCache } from '../../src/layers/token-cache.js';
import { fakeClock } from '../support/clock.js';
import { fc } from '../support/fc.js';
import { issue, manualSource, settle } from '../support/tokens.js';

const tenYearsMs = 10 * 365 * 24 * 3_600_000;
const lifetimes = fc.oneof(
  fc.integer({ min: 1_000, max: 100_000 }),
  fc.integer({ min: 1_000, max: tenYearsMs }),
  fc.constantFrom(1_000, 2_147_483_647, 2_147_483_648, tenYearsMs),
);
const draws = fc.double({ min: 0, max: 1, maxExcluded: true, noNaN: true });

/** A cache that holds a token of this lifetime, for which this number was drawn; later draws are others. */
async function holding(lifetimeMs: number, draw: number) {
  const [source, clock] = [manualSource(), fakeClock()];
  let drawn = 0;
  const random = () => ((drawn += 1) === 1 ? draw : drawn % 2 === 0 ? 0.999 : 0);
  const tokens = withCache(tokenCache({ clock, random }))(source);
  const first = tokens.getToken();
  source.last().resolve(issue('first', clock, lifetimeMs));
  await first;
  return { tokens, source, clock };
}

test('a renewal starts in the window, on the first call in it and never before [A14 C7 D6]', async () => {
  const shares = fc.double({ min: 0, max: 1, noNaN: true });

  await fc.assert(
    fc.asyncProperty(lifetimes, draws, fc.array(shares, { maxLength: 8 }), async (lifetimeMs, draw, looks) => {
      const { tokens, source, clock } = await holding(lifetimeMs, draw);
      const windowMs = Math.min(0.2 * lifetimeMs, 300_000);
      const spreadMs = Math.min(windowMs, Math.max(windowMs / 2, 0.3 * lifetimeMs - windowMs));
      const dueAfterMs = lifetimeMs - Math.floor(windowMs + draw * spreadMs);
      const begun = clock.monotonic();

      for (const share of looks.toSorted((one, other) => one - other)) {
        const at = Math.floor(share * (dueAfterMs - 1));
        clock.advance(Math.max(0, begun + at - clock.monotonic()));
        expect((await tokens.getToken()).value).toBe('first');
      }
      clock.advance(begun + dueAfterMs - 1 - clock.monotonic());
      await tokens.getToken();
      expect(source.calls).toHaveLength(1);

      clock.advance(1);
      expect((await tokens.getToken()).value).toBe('first');
      expect(source.calls).toHaveLength(2);
    }),
  );
});

test('a token is handed out at once until the margin, waited for in it, and never handed out past its expiry [C4 C6]', async () => {
  await fc.assert(
    fc.asyncProperty(lifetimes, draws, fc.boolean(), async (lifetimeMs, draw, isInMargin) => {
      const { tokens, source, clock } = await holding(lifetimeMs, draw);
      const marginMs = Math.min(0.1 * lifetimeMs, 30_000);
      clock.advance(isInMargin ? Math.ceil(lifetimeMs - marginMs) : lifetimeMs);
      let answer: unknown;

      const asked = tokens.getToken().then(
        (token) => (answer = token.value),
        () => (answer = 'failed'),
      );
      await settle();
      expect(answer).toBeUndefined();
      source.last().reject(new Error('away'));
      await asked;

      expect(answer).toBe(isInMargin ? 'first' : 'failed');
    }),
  );
});
