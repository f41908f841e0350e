import { cleanUp } from './clean-up.js';
import { bundleOf, type Outcome, type ProgramOptions, spawnProgram } from './run-program.js';

/** A program that runs until it ends by itself or by a signal. */
export interface RunningProgram {
  /** What it has printed so far, to stdout and stderr. */
  readonly output: () => string;
  /** Resolves when it has printed a match. */
  readonly printed: (pattern: RegExp) => Promise<RegExpExecArray>;
  readonly kill: (signal: NodeJS.Signals) => void;
  readonly ended: Promise<Outcome>;
}

/** Starts a TypeScript file of this project like `runProgram`, and kills it after the test if it still runs. */
export async function startProgram(file: string, options: ProgramOptions = {}): Promise<RunningProgram> {
  const { child, ended } = spawnProgram(await bundleOf(file), options);
  cleanUp(async () => {
    child.kill('SIGKILL');
    await ended;
  });
  let output = '';
  const waiting = new Set<() => void>();
  for (const stream of [child.stdout, child.stderr]) {
    stream.on('data', (chunk: Buffer) => {
      output += chunk.toString();
      waiting.forEach((look) => look());
    });
  }
  return {
    output: () => output,
    printed: (pattern) =>
      new Promise((resolve, reject) => {
        const look = (): void => {
          const match = pattern.exec(output);
          if (match === null) return;
          waiting.delete(look);
          resolve(match);
        };
        waiting.add(look);
        look();
        void ended.then(() => reject(new Error(`ended before it printed ${String(pattern)}: ${output}`)));
      }),
    kill: (signal) => void child.kill(signal),
    ended,
  };
}

/**
 * Waits until a condition holds that another process causes. Fails before the timeout of the test, because the loop would
 * run on after it.
 */
export async function eventually(holds: () => boolean | Promise<boolean>): Promise<void> {
  const end = performance.now() + 40_000;
  while (!(await holds())) {
    if (performance.now() > end) throw new Error(`waited in vain until ${String(holds)}`);
    await new Promise((resolve) => setTimeout(resolve, 20));
  }
}
