/**
 * Runs the parsers of external input on random inputs. If one crashes, breaks a rule or is slow, prints the
 * input and exits with 1.
 *
 *     npm run fuzz -- [--runs 100000] [--seed 1] [--target challenge]
 */
import { parseArgs } from 'node:util';

import { fuzz } from './fuzz.js';
import { targets } from './targets.js';

const { values: flags } = parseArgs({
  options: {
    /** The number of inputs of all targets together. */
    runs: { type: 'string', default: '100000' },
    /** @default another one for each run */
    seed: { type: 'string' },
    target: { type: 'string' },
  },
});

const seed = flags.seed === undefined ? Date.now() % 1_000_000 : Number(flags.seed);
const chosen = targets.filter(({ name }) => flags.target === undefined || name === flags.target);
if (chosen.length === 0) throw new Error(`--target is none of ${targets.map(({ name }) => name).join(', ')}`);
const runs = Math.ceil(Number(flags.runs) / chosen.length);

for (const target of chosen) {
  const began = Date.now();
  await fuzz(target, { runs, seed });
  console.log(
    `${target.name}: ${runs} inputs and ${target.corpus.length} known ones, ${Date.now() - began} ms, seed ${seed}`,
  );
}
