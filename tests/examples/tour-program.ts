/** Runs scenes of the tour as its argument, a {@link TourSetup} as JSON, says. */
import { manyFirstCalls } from '../../examples/tour/scenes/many-first-calls.js';
import { tour } from '../../examples/tour/tour.js';

/** The argument of the program. */
export interface TourSetup {
  readonly outageMs?: number;
  /** Pretends that stdout is a terminal with so many columns. */
  readonly columns?: number;
  /** Runs the first scene, and one that fails, instead of all scenes. */
  readonly fails?: boolean;
}

const { outageMs = 10_000, columns, fails = false } = JSON.parse(process.argv[2] ?? '{}') as TourSetup;
if (columns !== undefined) Object.assign(process.stdout, { isTTY: true, columns });

const failing = [
  manyFirstCalls,
  async () => {
    throw new Error('as the test has asked for');
  },
];
process.exitCode = (await tour({ outageMs, ...(fails && { scenes: failing }) })) ? 0 : 1;
