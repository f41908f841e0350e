import { afterEach } from '@jest/globals';

const pending: (() => unknown)[] = [];

afterEach(async () => {
  for (const close of pending.splice(0).toReversed()) await close();
});

/** Calls `close` after the current test; the last one first. */
export function cleanUp(close: () => unknown): void {
  pending.push(close);
}
