import { setTimeout as sleep } from 'node:timers/promises';

import type { Call } from '../call.js';
import type { Trial } from '../situation.js';

export const seconds = (count: number): number => count * 1_000;

/** Such as "1 grant" and "2 grants". */
export const counted = (count: number, what: string): string => `${count} ${what}${count === 1 ? '' : 's'}`;

/** Makes concurrent calls. */
export const callsAtOnce = (trial: Trial, count: number): Promise<Call[]> =>
  Promise.all(Array.from({ length: count }, () => trial.call()));

/** Starts a call every 100 ms, and awaits all of them. */
export async function callsInTurn(trial: Trial, count: number): Promise<Call[]> {
  const calls: Promise<Call>[] = [];
  for (let call = 0; call < count; call += 1) {
    calls.push(trial.call());
    await sleep(trial.paced(100));
  }
  return Promise.all(calls);
}

/** Makes the first call. Without a token, the situation cannot be tried. */
export async function firstToken(trial: Trial): Promise<string> {
  const { token, error } = await trial.call();
  if (token === undefined) throw new Error('the first call got no token', { cause: error });
  await trial.authorizationServer.idle();
  return token;
}
