import type { Clock } from '../../src/core/clock.js';

interface Sleeper {
  readonly until: number;
  /** The scope of the action that caused the sleep. */
  readonly owner: string;
  readonly wake: () => void;
}

/** Virtual time. The test advances it and ends the sleeps one by one. */
export interface VirtualTime {
  readonly clock: Clock;
  /** Advances both clocks, and ends no sleep. */
  pass(ms: number): void;
  /** Sets the wall clock forward or back. The monotonic clock does not change. */
  step(ms: number): void;
  /** Milliseconds until the next sleep ends; 0 if it is overdue, `undefined` if there is none. */
  untilNextMs(): number | undefined;
  isAsleep(owner: string): boolean;
  /** Runs `work` for `owner`, which also owns all sleeps that begin during it. */
  act(owner: string, work: () => unknown): Promise<void>;
  /** Ends the next sleep, and calls `woken` with its owner. */
  wake(woken: (owner: string) => unknown): Promise<void>;
}

/** Virtual time that begins on 1 January 2026. */
export function virtualTime(): VirtualTime {
  let wall = Date.UTC(2026, 0, 1);
  let monotonic = 1_000;
  let acting = '';
  let asleep: readonly Sleeper[] = [];

  async function act(owner: string, work: () => unknown): Promise<void> {
    acting = owner;
    await work();
    await settled();
  }

  return {
    clock: {
      now: () => wall,
      monotonic: () => monotonic,
      sleep: (ms, signal) =>
        new Promise((wake, reject) => {
          const sleeper = { until: monotonic + ms, owner: acting, wake };
          asleep = [...asleep, sleeper].toSorted((one, other) => one.until - other.until);
          signal?.addEventListener('abort', () => {
            asleep = asleep.filter((other) => other !== sleeper);
            reject(signal.reason as Error);
          });
        }),
    },
    pass(ms) {
      wall += ms;
      monotonic += ms;
    },
    step(ms) {
      wall += ms;
    },
    untilNextMs: () => asleep[0] && Math.max(0, asleep[0].until - monotonic),
    isAsleep: (name) => asleep.some(({ owner }) => owner === name),
    act,
    async wake(woken) {
      const [first, ...others] = asleep;
      if (first === undefined) return;
      asleep = others;
      await act(first.owner, () => {
        first.wake();
        return woken(first.owner);
      });
    },
  };
}

/** Waits until only sleeps are pending, and no promises or streams. */
async function settled(): Promise<void> {
  for (let turn = 0; turn < 2; turn += 1) await new Promise((resolve) => void setImmediate(resolve));
}
