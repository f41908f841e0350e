/**
 * Compares m2m-tokens with its peers: what they do in twenty situations, and the time of a call. Installs the packed
 * m2m-tokens and the peers, in the versions of `peers/package.json`, into a temporary folder.
 *
 *     npm run compare -- [--write] [--folder <folder>] [--processes N] [situation ...]
 */
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { parseArgs } from 'node:util';

import { faultMatrix } from './fault-matrix.js';
import { measureCallTimes } from './measure-call-times.js';
import { bundle, preparePeers } from './peers-folder.js';
import { withReadmeTable } from './readme-table.js';
import { markdown, replaceSection } from './report.js';
import { situations } from './situations/index.js';

const { values: flags, positionals } = parseArgs({
  allowPositionals: true,
  options: {
    /** Writes the result to `README.md` of this folder, and its rows to that of the project. */
    write: { type: 'boolean', default: false },
    /** Keeps the installed packages there, and uses those of an earlier run. */
    folder: { type: 'string' },
    /** The number of processes that measure the time of a call; 0 measures none. */
    processes: { type: 'string', default: '3' },
  },
});
const unknown = positionals.filter((name) => !situations.some(({ id }) => id === name));
if (unknown.length > 0) throw new Error(`unknown situation: ${unknown.join(', ')}`);
if (flags.write && positionals.length > 0) throw new Error('--write needs all situations');

const folder = flags.folder ?? mkdtempSync(join(tmpdir(), 'm2m-tokens-compare-'));
try {
  const subjects = await preparePeers(folder);
  const chosen = positionals.length > 0 ? situations.filter(({ id }) => positionals.includes(id)) : situations;
  const rows = await faultMatrix(subjects, await bundle('trial-process.ts', folder), chosen);
  // Afterwards: nothing else runs beside these.
  const times = await measureCallTimes(subjects, await bundle('call-time.ts', folder), Number(flags.processes));

  const comparison = { date: new Date().toISOString().slice(0, 10), subjects, rows, times };
  const text = markdown(comparison);
  console.log(text);
  if (flags.write) {
    rewrite('README.md', (document) => replaceSection(document, text));
    rewrite('../../README.md', (document) => withReadmeTable(document, comparison));
  }
} finally {
  if (flags.folder === undefined) rmSync(folder, { recursive: true });
}

function rewrite(name: string, change: (document: string) => string): void {
  const document = join(import.meta.dirname, name);
  writeFileSync(document, change(readFileSync(document, 'utf8')));
}
