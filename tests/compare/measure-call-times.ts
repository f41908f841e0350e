import { fork } from 'node:child_process';
import { once } from 'node:events';

import { median } from '../benchmarks/paired-rounds.js';
import type { CallTimes } from './call-time.js';
import type { InstalledSubject } from './peers-folder.js';

/** The measurements of a subject, as text by name; "–" if there is none. */
export type TimeRow = readonly [name: string, ratios: readonly string[]];

const names: Readonly<Record<keyof CallTimes, string>> = {
  cachedToken: 'a cached token',
  request: 'a request',
  requests50: 'a request, 50 in flight',
};

/**
 * Measures each subject in several processes in turn, and returns the medians. `program` is the bundled `call-time.ts`.
 */
export async function measureCallTimes(
  subjects: readonly InstalledSubject[],
  program: string,
  processes: number,
): Promise<TimeRow[]> {
  const runs = subjects.map((): CallTimes[] => []);
  for (let round = 0; round < processes; round += 1) {
    for (const [index, { url }] of subjects.entries()) {
      runs[index]?.push(await inOwnProcess(program, url));
      process.stderr.write('.');
    }
  }
  return Object.entries(names).map(([key, name]) => [name, runs.map((of) => ratio(of, key as keyof CallTimes))]);
}

function ratio(runs: readonly CallTimes[], name: keyof CallTimes): string {
  const ratios = runs.flatMap((times) => times[name] ?? []);
  if (ratios.length === 0) return '–';
  const value = median(ratios);
  return value < 10 ? value.toFixed(2) : value.toFixed(0);
}

async function inOwnProcess(program: string, url: string): Promise<CallTimes> {
  const child = fork(program, [url], { execArgv: [], stdio: ['ignore', 'ignore', 'inherit', 'ipc'] });
  let times: CallTimes = {};
  child.on('message', (message) => {
    times = message as CallTimes;
  });
  await once(child, 'close');
  return times;
}
