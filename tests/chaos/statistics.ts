import { createHistogram } from 'node:perf_hooks';

/** Durations in milliseconds. */
export interface Durations {
  readonly p50: number;
  readonly p99: number;
  readonly longest: number;
}

/** Records durations as a histogram, so that a run of an hour needs little memory. */
export interface DurationRecorder {
  record(ms: number): void;
  read(): Durations;
}

/** Creates an empty histogram. */
export function durationRecorder(): DurationRecorder {
  // In microseconds, because the histogram accepts only integers from 1 on.
  const histogram = createHistogram();
  const toMs = (microseconds: number): number => (histogram.count === 0 ? 0 : Math.round(microseconds) / 1_000);

  return {
    record: (ms) => histogram.record(Math.max(1, Math.round(ms * 1_000))),
    read: () => ({
      p50: toMs(histogram.percentile(50)),
      p99: toMs(histogram.percentile(99)),
      longest: toMs(histogram.max),
    }),
  };
}

/** Counts by name. */
export class Tally {
  readonly #counts = new Map<string, number>();

  add(name: string): void {
    this.#counts.set(name, (this.#counts.get(name) ?? 0) + 1);
  }

  set(name: string, count: number): void {
    this.#counts.set(name, count);
  }

  count(name: string): number {
    return this.#counts.get(name) ?? 0;
  }

  get total(): number {
    return [...this.#counts.values()].reduce((sum, count) => sum + count, 0);
  }

  toJSON(): Record<string, number> {
    return Object.fromEntries([...this.#counts].toSorted(([one], [other]) => one.localeCompare(other)));
  }
}
