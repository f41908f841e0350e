/** Tries one subject in one situation, and sends the result to the parent process: `<id of the situation> <URL of the subject>`. */
import { situations } from './situations/index.js';
import { tryOut } from './trial.js';

const [, , id, url = ''] = process.argv;
const situation = situations.find((candidate) => candidate.id === id);
if (situation === undefined) throw new Error(`no situation "${id}"`);

const verdict = await tryOut(situation, url).catch((error: Error) => ({
  passed: false,
  measured: `could not be tried: ${error.message}${error.cause instanceof Error ? `: ${error.cause.message}` : ''}`,
}));
// A subject that still waits would keep this process alive.
process.send?.(verdict, () => process.exit());
