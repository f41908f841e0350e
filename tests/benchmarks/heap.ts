import { PerformanceObserver } from 'node:perf_hooks';
import { setImmediate } from 'node:timers/promises';

import { type Contender, median } from './paired-rounds.js';

/** Bytes that one call of the contender allocates, including garbage. */
export async function bytesPerCall(contender: Contender, calls: number): Promise<number> {
  const samples: number[] = [];
  let attempts = 0;

  while (samples.length < 11) {
    attempts += 1;
    if (attempts > 50) throw new Error('the garbage collector runs too often to count bytes; do fewer calls');
    collectGarbage();
    let collections = 0;
    const observer = new PerformanceObserver((list) => {
      collections += list.getEntries().length;
    });
    observer.observe({ entryTypes: ['gc'] });

    const before = process.memoryUsage().heapUsed;
    await contender(calls);
    const after = process.memoryUsage().heapUsed;

    // The observer is called in a later turn of the event loop.
    await setImmediate();
    await setImmediate();
    observer.disconnect();
    if (collections === 0) samples.push((after - before) / calls);
  }
  return median(samples);
}

/** Bytes in use after all garbage is collected. */
export async function heapInUse(): Promise<number> {
  let bytes = Infinity;
  // A collection may free more in a later turn, because streams and bodies are finalized outside of it.
  for (let turn = 0; turn < 10; turn += 1) {
    await setImmediate();
    collectGarbage();
    bytes = Math.min(bytes, process.memoryUsage().heapUsed);
  }
  return bytes;
}

function collectGarbage(): void {
  if (globalThis.gc === undefined) throw new Error('run with --expose-gc');
  globalThis.gc();
}
