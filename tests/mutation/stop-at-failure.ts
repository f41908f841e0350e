import { afterEach, beforeEach } from '@jest/globals';

// One test that notices a change is enough, and those after it would often wait in vain. Jest itself ends after a file at best.
// What it knows of a test under way is found under a symbol of its own (jest-circus, `getState`).
const symbol = Object.getOwnPropertySymbols(globalThis).find(({ description }) => description === 'JEST_STATE_SYMBOL');
const state = (globalThis as unknown as Record<symbol, State | undefined>)[symbol ?? Symbol('none')];
if (state === undefined) throw new Error('this version of Jest keeps its state elsewhere');
let hasFailed = false;

beforeEach(() => {
  if (hasFailed) throw new Error('an earlier test has failed');
});

afterEach(() => {
  hasFailed ||= (state.currentlyRunningTest?.errors.length ?? 0) > 0;
});

interface State {
  readonly currentlyRunningTest?: { readonly errors: readonly unknown[] } | null;
}
