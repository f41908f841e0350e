import type { Clock } from '../../src/core/clock.js';

interface Sleeper {
  readonly until: number;
  /** On whose behalf it sleeps. */
  readonly owner: string;
  readonly wake: () => void;
}

/** Time that passes only when it is told to, and wakes those who sleep one by one. */
export interface VirtualTime {
  readonly clock: Clock;
  /** Lets time pass on both clocks; wakes nobody. */
  pass(ms: number): void;
  /** Sets the wall clock forward or back; the monotonic one does not notice. */
  step(ms: number): void;
  /** Milliseconds until the first sleeper wants to wake, 0 when it is late; `undefined` when nobody sleeps. */
  untilNextMs(): number | undefined;
  isAsleep(owner: string): boolean;
  /** Lets things happen on behalf of `owner`: whoever falls asleep meanwhile does so in its name. */
  act(owner: string, work: () => unknown): Promise<void>;
  /** Wakes the first sleeper, and tells its owner before. */
  wake(woken: (owner: string) => unknown): Promise<void>;
}

/** Virtual time that begins at a round time of 2026. */
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

/** Lets everything happen that waits for nothing but promises and streams. */
async function settled(): Promise<void> {
  for (let turn = 0; turn < 2; turn += 1) await new Promise((resolve) => void setImmediate(resolve));
}
