import { setImmediate } from 'node:timers/promises';

import { fakeClock, type FakeClock } from './clock.js';

/** A fake clock that moves by itself, from the end of one sleep to the next. */
export interface ScenarioClock extends Pick<FakeClock, 'now' | 'monotonic' | 'sleep' | 'step'> {
  /** Milliseconds since the beginning, by the monotonic clock. */
  elapsedMs(): number;
  /** Moves to this time, in milliseconds since the beginning. */
  runTo(ms: number): Promise<void>;
  /** Moves until `holds` returns true or no sleep is left; resolves to the last result of `holds`. */
  runUntil(holds: () => boolean): Promise<boolean>;
}

/** A clock at the beginning of a scenario. */
export function scenarioClock(): ScenarioClock {
  const clock = fakeClock();
  const beganAt = clock.monotonic();
  let wakings: number[] = [];

  const elapsedMs = (): number => clock.monotonic() - beganAt;
  const nextWaking = (): number => Math.min(...wakings);

  async function hopTo(ms: number): Promise<void> {
    wakings = wakings.filter((waking) => waking > ms);
    clock.advance(ms - elapsedMs());
    await settle();
  }

  return {
    ...clock,
    elapsedMs,
    sleep(ms, signal) {
      // Whole milliseconds, as for a timer: sums of fractions would have rounding errors.
      const wholeMs = Math.ceil(ms);
      wakings.push(elapsedMs() + wholeMs);
      return clock.sleep(wholeMs, signal);
    },
    async runTo(ms) {
      await settle();
      while (nextWaking() <= ms) await hopTo(nextWaking());
      await hopTo(ms);
    },
    async runUntil(holds) {
      await settle();
      while (!holds() && wakings.length > 0) await hopTo(nextWaking());
      return holds();
    },
  };
}

/** Waits for work that takes no simulated time. Reading a response takes a few turns of the event loop. */
async function settle(): Promise<void> {
  for (let turn = 0; turn < 6; turn += 1) await setImmediate();
}
