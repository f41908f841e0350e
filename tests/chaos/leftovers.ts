import { performance } from 'node:perf_hooks';
import { setTimeout as sleep } from 'node:timers/promises';

/** The sockets and timers that keep this process alive. After a run, they are leaks. */
export function leftovers(): string[] {
  return process.getActiveResourcesInfo().filter((kind) => kind === 'TCPSocketWrap' || kind === 'Timeout');
}

/** Waits until no socket and no timer is left, for at most this time. Returns those that are left. */
export async function waitForNoLeftovers(withinMs: number): Promise<string[]> {
  const until = performance.now() + withinMs;
  while (leftovers().length > 0 && performance.now() < until) await sleep(50);
  return leftovers();
}
