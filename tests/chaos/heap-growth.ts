import { performance } from 'node:perf_hooks';

import type { Violate } from './findings.js';

/** The size of the heap after a garbage collection, and when it was measured. */
export interface HeapSample {
  readonly atMs: number;
  readonly bytes: number;
}

/** Measures the heap at intervals, after a warm-up. */
export interface HeapWatch {
  /** Ends the measurement. If the heap has grown, notes it. */
  stop(): void;
  readonly figures: () => Readonly<Record<string, number>>;
}

/**
 * The most that the heap may grow, in a run of any length. Calls under way and code that is compiled late make up less. In
 * a minute, a leak of 1 kB in each call is more; in an hour, one of 10 bytes.
 */
const mostBytes = 6_000_000;
const fewestSamples = 20;
const leastIntervalMs = 1_000;

/** Starts to measure the heap of a run of this duration. A run of less than half a minute is too short for a result. */
export function watchHeap(seconds: number, violate: Violate): HeapWatch {
  if (globalThis.gc === undefined) throw new Error('run with --expose-gc');
  const warmUpMs = Math.min(60_000, (seconds * 1_000) / 3);
  const intervalMs = Math.max(leastIntervalMs, (seconds * 1_000 - warmUpMs) / 40);
  const samples: HeapSample[] = [];
  const began = performance.now();
  let growth = 0;

  const timer = setInterval(() => {
    const atMs = performance.now() - began;
    if (atMs < warmUpMs) return;
    globalThis.gc?.();
    samples.push({ atMs, bytes: process.memoryUsage().heapUsed });
  }, intervalMs);

  return {
    stop() {
      clearInterval(timer);
      growth = growthOf(samples);
      if (samples.length >= fewestSamples && growth > mostBytes) {
        const sizes = samples.map(({ bytes }) => (bytes / 1e6).toFixed(1)).join(' ');
        violate('the heap grows', `by ${inKilobytes(growth)} kB; MB after each collection: ${sizes}`);
      }
    },
    figures: () =>
      samples.length < fewestSamples
        ? {}
        : {
            samples: samples.length,
            'kB at first': inKilobytes(samples[0]?.bytes ?? 0),
            'kB at last': inKilobytes(samples.at(-1)?.bytes ?? 0),
            'kB growth': inKilobytes(growth),
          },
  };
}

/**
 * The growth between the first and the last sample. Only the least of every five samples counts, because most of the
 * heap belongs to calls under way. The slope is the median of those of all pairs (Theil–Sen), which a few high values do
 * not change.
 */
export function growthOf(samples: readonly HeapSample[]): number {
  const least = samples.flatMap((_, at) => (at % 5 === 0 ? leastOf(samples.slice(at, at + 5)) : []));
  const slopes = least.flatMap((one, at) =>
    least.slice(at + 1).map((other) => (other.bytes - one.bytes) / (other.atMs - one.atMs)),
  );
  const middle = slopes.toSorted((one, other) => one - other)[Math.floor(slopes.length / 2)] ?? 0;
  return middle * ((samples.at(-1)?.atMs ?? 0) - (samples[0]?.atMs ?? 0));
}

const leastOf = (samples: readonly HeapSample[]): HeapSample[] =>
  samples.toSorted((one, other) => one.bytes - other.bytes).slice(0, 1);

const inKilobytes = (bytes: number): number => Math.round(bytes / 1_000);
