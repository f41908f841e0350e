import fc from 'fast-check';

import type { FuzzTarget } from './fuzz-target.js';

/** How a target is fuzzed. */
export interface FuzzOptions {
  /** Number of inputs, beside the corpus. */
  readonly runs: number;
  readonly seed: number;
}

// What takes longer holds up all other requests of the process.
const mostCpuMs = 50;

/** Has a target read its corpus and `runs` odd inputs. Throws an error that holds the input when it crashes, breaks its rule or takes long. */
export async function fuzz({ name, inputs, corpus, read }: FuzzTarget, { runs, seed }: FuzzOptions): Promise<void> {
  const readInTime = async (input: unknown): Promise<void> => {
    let least = Infinity;
    // Another process, or the collection of garbage, may be what took the time: the sixth time is not by chance.
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
  if (added.length > 0) throw new Error(`${name} has given every object the members ${added.join()}`);
}
