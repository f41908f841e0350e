import { afterEach } from '@jest/globals';

const pending: (() => unknown)[] = [];

afterEach(async () => {
  for (const close of pending.splice(0).toReversed()) await close();
});

/** Has something closed when the test that asks for it ends, the last one first. */
export function cleanUp(close: () => unknown): void {
  pending.push(close);
}
