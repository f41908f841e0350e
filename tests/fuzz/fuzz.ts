import fc from 'fast-check';

import { cpuCost } from '../support/cpu-cost.js';
import type { FuzzTarget } from './fuzz-target.js';

/** How a target is fuzzed. */
export interface FuzzOptions {
  /** Number of inputs, beside the corpus. */
  readonly runs: number;
  readonly seed: number;
}

// A parser whose time grows with the square of its input takes far longer for the long inputs of a corpus, and would delay
// all other requests of the process. Ours need half of it at most, for 10,000 origins.
const mostCost = 150;

/**
 * Runs a target on its corpus and `runs` random inputs. Throws an error with the input if it crashes, breaks a rule or
 * is slow.
 */
export async function fuzz({ name, inputs, corpus, read }: FuzzTarget, { runs, seed }: FuzzOptions): Promise<void> {
  const readInTime = async (input: unknown): Promise<void> => {
    const cost = await cpuCost(() => read(input as never), mostCost);
    if (cost >= mostCost) throw new Error(`${name} took as long as ${Math.round(cost)} thousand parsed URLs`);
  };

  for (const input of corpus) await readInTime(input);
  await fc.assert(fc.asyncProperty(inputs, readInTime), { numRuns: runs, seed });
  const added = Object.keys(Object.prototype);
  if (added.length > 0) throw new Error(`${name} has added members to Object.prototype: ${added.join()}`);
}
