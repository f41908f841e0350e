import { fork } from 'node:child_process';
import { once } from 'node:events';
import { fileURLToPath } from 'node:url';

import { cleanUp } from '../support/clean-up.js';
import type { Setup } from './observed-program.js';

const program = fileURLToPath(new URL('observed-program.ts', import.meta.url));

/** The process of {@link program}. */
export interface ObservedProcess {
  /** Waits for the end of a tour. */
  readonly tourEnds: () => Promise<unknown>;
  readonly beginNextTour: () => void;
}

/** Starts {@link program}, and kills it after the test. */
export function startObservedProcess(setup: Setup): ObservedProcess {
  const child = fork(program, [JSON.stringify(setup)], {
    execArgv: ['--import', 'tsx'],
    env: { PATH: process.env['PATH'] },
    stdio: ['ignore', 'ignore', 'inherit', 'ipc'],
  });
  cleanUp(() => child.kill('SIGKILL'));
  const ended = once(child, 'exit').then(([code]) => {
    throw new Error(`the observed process ended with ${code}`);
  });
  ended.catch(() => undefined);
  return {
    tourEnds: () => Promise.race([once(child, 'message'), ended]),
    beginNextTour: () => void child.send('next'),
  };
}
