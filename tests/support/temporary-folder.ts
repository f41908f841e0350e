import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

import { cleanUp } from './clean-up.js';

/** A new folder that is removed after the test. */
export async function temporaryFolder(): Promise<string> {
  const folder = await mkdtemp(join(tmpdir(), 'm2m-tokens-'));
  cleanUp(() => rm(folder, { recursive: true, force: true }));
  return folder;
}
