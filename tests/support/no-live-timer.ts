import { afterAll } from '@jest/globals';

// Fails a test file that leaves a timer running: in a service, such a timer would keep the process alive.
const { setTimeout: begin, clearTimeout: end } = globalThis;
// An error is cheap here: Node.js formats its stack only when it is read.
const live = new Map<NodeJS.Timeout, Error>();

const observed: unknown = Object.assign((callback: (...args: unknown[]) => void, ms?: number, ...args: unknown[]) => {
  const timer = begin(() => {
    live.delete(timer);
    callback(...args);
  }, ms);
  live.set(timer, new Error('begun here'));
  return timer;
}, begin);
globalThis.setTimeout = observed as typeof setTimeout;

globalThis.clearTimeout = (timer) => {
  live.delete(timer as NodeJS.Timeout);
  end(timer);
};

afterAll(async () => {
  // Work of the last test may take some turns of the event loop, a call of a shared store up to 250 ms, and a retry
  // that a caller has left up to 1 s.
  const left = () => [...live].filter(([timer]) => timer.hasRef());
  for (let turn = 0; turn < 5; turn += 1) await new Promise(setImmediate);
  for (let waitedMs = 0; left().length > 0 && waitedMs < 3_000; waitedMs += 50)
    await new Promise((resolve) => begin(resolve, 50));
  if (left().length > 0) throw new Error(`${left().length} timers are left, ${left()[0]?.[1].stack}`);
});
