import { rm } from 'node:fs/promises';
import { dirname } from 'node:path';

import { afterAll } from '@jest/globals';

import { cleanUp } from '../support/clean-up.js';
import type { Setup } from './protocol.js';
import { buildReplica, type Replica, startReplica } from './replicas.js';

// One build for all tests of a file.
let built: Promise<string> | undefined;

afterAll(async () => {
  if (built !== undefined) await rm(dirname(await built), { recursive: true });
});

/** Starts `count` replicas; they are killed when the test ends. */
export async function startFleet(count: number, setup: Setup): Promise<Replica[]> {
  const program = await (built ??= buildReplica());
  const starting = Array.from({ length: count }, () => startReplica(program, setup));
  cleanUp(async () => Promise.all((await Promise.all(starting)).map((replica) => replica.kill())));
  return Promise.all(starting);
}
