import fc from 'fast-check';

import type { FuzzTarget } from './fuzz-target.js';

/** How a target is fuzzed. */
export interface FuzzOptions {
  /** Number of inputs, beside the corpus. */
  readonly runs: number;
  readonly seed: number;
}

// A slower parser would delay all other requests of the process.
const mostCpuMs = 50;

/**
 * Runs a target on its corpus and `runs` random inputs. Throws an error with the input if it crashes, breaks a rule or
 * is slow.
 */
export async function fuzz({ name, inputs, corpus, read }: FuzzTarget, { runs, seed }: FuzzOptions): Promise<void> {
  const readInTime = async (input: unknown): Promise<void> => {
    let least = Infinity;
    // Up to six attempts, because another process or a garbage collection may have taken the time.
    for (let attempt = 0; attempt < 6 && least > mostCpuMs; attempt += 1) {
      const began = process.cpuUsage();
      await read(input as never);
      const { user, system } = process.cpuUsage(began);
      least = Math.min(least, (user + system) / 1_000);
    }
    if (least > mostCpuMs) throw new Error(`${name} took ${Math.round(least)} ms`);
  };

  for (const input of corpus) await readInTime(input);
  await fc.assert(fc.asyncProperty(inputs, readInTime), { numRuns: runs, seed });
  const added = Object.keys(Object.prototype);
  if (added.length > 0) throw new Error(`${name} has added members to Object.prototype: ${added.join()}`);
}
