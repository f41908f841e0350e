import { expect, test } from '@jest/globals';

import { fc } from '../support/fc.js';
import { commands, newWorld, wakeAll } from './commands.js';

const numRuns = Number(process.env['PROPERTY_RUNS'] ?? 120);

// A rejection that nobody handles fails the test, too: Jest sees to that.
test('whatever happens, no caller is worse off than need be [A2 A3 A4 A6 B6 B9 C1 C2 C6 D3 D14 D15 D19 D21 D22 E3 E4]', async () => {
  const seen = new Map<string, number>();

  await fc.assert(
    fc.asyncProperty(commands(), async (sequence) => {
      const world = newWorld();
      await fc.asyncModelRun(() => world, sequence);
      await wakeAll(world);
      for (const [what, count] of world.model.seen) seen.set(what, (seen.get(what) ?? 0) + count);
    }),
    { numRuns },
  );

  // Otherwise nothing was tried.
  if (process.env['PROPERTY_RUNS']) console.info(Object.fromEntries(seen));
  expect([...seen.keys()]).toEqual(expect.arrayContaining(['grant.succeeded', 'grant.failed', 'renewal.failed']));
}, 3_600_000);
