import { performance } from 'node:perf_hooks';
import { setTimeout as sleep } from 'node:timers/promises';

/** What keeps this process alive and would be a leak after a run: sockets and timers. */
export function leftovers(): string[] {
  return process.getActiveResourcesInfo().filter((kind) => kind === 'TCPSocketWrap' || kind === 'Timeout');
}

/** Waits until nothing is left over, for this long at most; returns what is left then. */
export async function waitForNoLeftovers(withinMs: number): Promise<string[]> {
  const until = performance.now() + withinMs;
  while (leftovers().length > 0 && performance.now() < until) await sleep(50);
  return leftovers();
}
