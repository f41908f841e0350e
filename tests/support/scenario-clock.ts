import { setImmediate } from 'node:timers/promises';

import { fakeClock, type FakeClock } from './clock.js';

/** A fake clock that lets time pass by itself, from one who sleeps to the next. */
export interface ScenarioClock extends Pick<FakeClock, 'now' | 'monotonic' | 'sleep' | 'step'> {
  /** Milliseconds since the beginning, whatever the wall clock says. */
  elapsedMs(): number;
  /** Lets time pass until that long after the beginning. */
  runTo(ms: number): Promise<void>;
  /** Lets time pass until `holds`; resolves to whether it does, or nobody sleeps any more. */
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
      // Whole milliseconds, as a timer: sums of fractions would miss the moment by a rounding error.
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

/** Lets everything happen that takes no time: reading an answer takes a few turns of the event loop. */
async function settle(): Promise<void> {
  for (let turn = 0; turn < 6; turn += 1) await setImmediate();
}
