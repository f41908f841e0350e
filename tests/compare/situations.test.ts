import { describe, expect, test } from '@jest/globals';

import { situations } from './situations/index.js';
import { tryOut } from './trial.js';

const moduleOf = (path: string): string => new URL(path, import.meta.url).href;
const ours = moduleOf('peers/m2m-fetch.js');
const byHand = moduleOf('peers/by-hand.js');
const careless = moduleOf('self-check/careless.js');
const endless = moduleOf('self-check/endless.js');

/** For each situation a subject that passes, and one that fails. */
const references: Readonly<Record<string, readonly [passes: string, fails: string]>> = {
  'first-calls': [ours, byHand],
  'renewal-ahead': [ours, byHand],
  'short-lived': [ours, byHand],
  'no-lifetime': [ours, byHand],
  rotation: [ours, byHand],
  // Its process would need the packed m2m-tokens.
  exit: [byHand, endless],
  outage: [ours, byHand],
  'expired-outage': [ours, byHand],
  'one-503': [ours, byHand],
  'retry-after': [ours, byHand],
  hangs: [ours, byHand],
  html: [ours, careless],
  abort: [ours, byHand],
  'one-401': [ours, byHand],
  '401-storm': [ours, byHand],
  'always-401': [ours, careless],
  // m2m-tokens keeps a token for five seconds, whatever the API says.
  'revoked-again': [careless, ours],
  'insufficient-scope': [ours, careless],
  redirect: [ours, careless],
  errors: [ours, careless],
};

test('there are twenty situations, each with its references', () => {
  expect(situations.map(({ id }) => id)).toEqual(Object.keys(references));
  expect(situations).toHaveLength(20);
});

describe.each(situations)('$id', (situation) => {
  const [passes = '', fails = ''] = references[situation.id] ?? [];
  // Durations are a fifth of those of the comparison.
  const pace = 0.2;

  test('can be passed', async () => {
    const verdict = await tryOut(situation, passes, { pace });
    // As in the comparison: a busy machine can delay a call, so a failure counts if it happens twice.
    expect(verdict.passed ? verdict : await tryOut(situation, passes, { pace })).toMatchObject({ passed: true });
  });

  test('can be failed', async () => {
    expect(await tryOut(situation, fails, { pace })).toMatchObject({ passed: false });
  });
});
