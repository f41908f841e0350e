import { describe, expect, test } from '@jest/globals';

import { mandatoryMs, minIntervalMs, renewalSchedule } from '../../src/layers/renewal-schedule.js';
import { fc } from '../support/fc.js';

const hour = 3_600_000;

describe('a token', () => {
  test.each([
    { lifetimeMs: 24 * hour, window: 300_000, spread: 300_000, margin: 30_000, least: 5_000 },
    { lifetimeMs: hour, window: 300_000, spread: 300_000, margin: 30_000, least: 5_000 },
    { lifetimeMs: 1_800_000, window: 300_000, spread: 240_000, margin: 30_000, least: 5_000 },
    { lifetimeMs: 60_000, window: 12_000, spread: 6_000, margin: 6_000, least: 5_000 },
    { lifetimeMs: 30_000, window: 6_000, spread: 3_000, margin: 3_000, least: 5_000 },
    { lifetimeMs: 5_000, window: 1_000, spread: 500, margin: 500, least: 1_000 },
    { lifetimeMs: 1_000, window: 200, spread: 100, margin: 100, least: 200 },
  ])('of $lifetimeMs ms is renewed in its last $window ms, or up to $spread ms earlier [A14]', (expected) => {
    const latest = renewalSchedule(expected.lifetimeMs, () => 0);
    const earliest = renewalSchedule(expected.lifetimeMs, () => 1);

    expect(latest.advisoryMs).toBeCloseTo(expected.window);
    expect(earliest.advisoryMs).toBeCloseTo(expected.window + expected.spread);
    expect(latest.mandatoryMs).toBeCloseTo(expected.margin);
    expect(minIntervalMs(expected.lifetimeMs)).toBeCloseTo(expected.least);
  });

  test('is renewed in the share of its lifetime from the options, up to their cap', () => {
    const bySixMinutes = renewalSchedule(hour, () => 0, { share: 0.5, capMs: 360_000 });
    const byShare = renewalSchedule(60_000, () => 0, { share: 0.5 });

    expect(bySixMinutes.advisoryMs).toBe(360_000);
    expect(byShare.advisoryMs).toBe(30_000);
  });

  test('of any lifetime has its advisory refresh after its issue and before its mandatory refresh [C7]', () => {
    const lifetimes = fc.integer({ min: 1_000, max: 10 * 365 * 24 * hour });
    const draws = fc.double({ min: 0, max: 1, maxExcluded: true, noNaN: true });
    const options = fc.record({
      share: fc.double({ min: 0.001, max: 0.5, noNaN: true }),
      capMs: fc.integer({ min: 1, max: hour }),
    });

    fc.assert(
      fc.property(lifetimes, draws, options, (lifetimeMs, draw, refresh) => {
        const { advisoryMs: dueMs, mandatoryMs: marginMs } = renewalSchedule(lifetimeMs, () => draw, refresh);

        expect(dueMs).toBeLessThan(lifetimeMs);
        expect(dueMs).toBeGreaterThan(marginMs);
        expect(marginMs).toBeGreaterThan(0);
      }),
    );
  });
});

test('the mandatory refresh does not depend on the jitter [C5]', () => {
  for (const [lifetimeMs, options] of [[hour], [60_000], [60_000, { share: 0.1 }], [hour, { capMs: 1_000 }]] as const) {
    expect(mandatoryMs(lifetimeMs, options)).toBe(renewalSchedule(lifetimeMs, () => 0, options).mandatoryMs);
  }
  expect([mandatoryMs(hour), mandatoryMs(60_000), mandatoryMs(hour, { capMs: 1_000 })]).toEqual([30_000, 6_000, 500]);
});
