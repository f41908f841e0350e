import { afterEach, beforeEach } from '@jest/globals';

// Ends a run at the first failure: one test that notices a change is enough, and later tests may wait in vain. Jest can end only
// after a file. Its state of the running test is under a symbol of its own (jest-circus, `getState`).
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
