import { fork } from 'node:child_process';
import { once } from 'node:events';

import type { InstalledSubject } from './peers-folder.js';
import type { Situation, Verdict } from './situation.js';
import { situations } from './situations/index.js';

/** The outcome of a subject in a situation. */
export interface Outcome {
  readonly mark: 'passed' | 'failed' | 'not offered';
  /** What happened, or why it was not tried. */
  readonly measured: string;
}

/** The outcomes of one situation, in the order of the subjects. */
export interface MatrixRow {
  readonly situation: Situation;
  readonly outcomes: readonly Outcome[];
}

// Most of the time, the processes wait for timers.
const processesAtOnce = 4;

/** Tries each subject in each situation, each time in a process of its own. `program` is the bundled `trial-process.ts`. */
export async function faultMatrix(
  subjects: readonly InstalledSubject[],
  program: string,
  chosen: readonly Situation[] = situations,
): Promise<MatrixRow[]> {
  const rows = chosen.map((situation) => ({ situation, outcomes: [] as Outcome[] }));
  const waiting = rows.flatMap(({ situation, outcomes }) =>
    subjects.map((subject, column) => async () => {
      outcomes[column] = await outcomeOf(situation, subject, program);
      process.stderr.write('.');
    }),
  );
  const work = async (): Promise<void> => {
    for (let next = waiting.shift(); next !== undefined; next = waiting.shift()) await next();
  };
  await Promise.all(Array.from({ length: processesAtOnce }, work));
  return rows;
}

async function outcomeOf(situation: Situation, { about, url }: InstalledSubject, program: string): Promise<Outcome> {
  if (situation.sends && !about.sends) return { mark: 'not offered', measured: 'sends no requests' };
  const tryOut = async (): Promise<Outcome> =>
    judge(situation, about.offers, await inOwnProcess(program, situation.id, url));
  const outcome = await tryOut();
  // A busy machine can delay a call. A failure counts if it happens twice.
  return outcome.mark === 'failed' ? tryOut() : outcome;
}

/** A failure counts only if the documentation of the subject offers what the situation needs. */
export function judge({ feature }: Situation, offers: readonly string[], { passed, measured }: Verdict): Outcome {
  if (passed) return { mark: 'passed', measured };
  return { mark: feature === undefined || offers.includes(feature) ? 'failed' : 'not offered', measured };
}

async function inOwnProcess(program: string, id: string, url: string): Promise<Verdict> {
  const child = fork(program, [id, url], {
    execArgv: [],
    // Some subjects write warnings.
    stdio: ['ignore', 'ignore', 'pipe', 'ipc'],
  });
  const limit = setTimeout(() => child.kill('SIGKILL'), limitMs);
  let verdict: Verdict | undefined;
  let stderr = '';
  child.on('message', (message) => {
    verdict = message as Verdict;
  });
  child.stderr?.on('data', (chunk: Buffer) => {
    stderr += chunk.toString();
  });
  await once(child, 'close');
  clearTimeout(limit);
  const crash = /Unhandled|triggerUncaught/.test(stderr) || child.exitCode === 1;
  const ended = crash ? 'an unhandled rejection ends the process' : `no result within ${limitMs / 1_000} s`;
  return verdict ?? { passed: false, measured: ended };
}

const limitMs = 30_000;
