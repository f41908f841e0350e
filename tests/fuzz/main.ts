/**
 * Feeds odd inputs to whatever reads what comes from outside. Exit code 1 and the input when one crashes, breaks a rule or
 * takes longer than 50 ms of CPU time.
 *
 *     npm run fuzz -- [--runs 100000] [--seed 1] [--target challenge]
 */
import { parseArgs } from 'node:util';

import { fuzz } from './fuzz.js';
import { targets } from './targets.js';

const { values: flags } = parseArgs({
  options: {
    /** Of all targets together. */
    runs: { type: 'string', default: '100000' },
    /** @default another one each time */
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
