/** Prints the behaviours that no test names; fails when a test names one that is not listed. */
import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';

import { behavioursOfScenarios, namedBehaviours } from './named-behaviours.js';

interface Group {
  readonly title: string;
  readonly behaviours: Readonly<Record<string, string>>;
}

const tests = join(import.meta.dirname, '..');
const list = readFileSync(join(import.meta.dirname, 'behaviours.json'), 'utf8');
const groups = Object.values(JSON.parse(list) as Record<string, Group>);
const listed = new Set(groups.flatMap(({ behaviours }) => Object.keys(behaviours)));

const named = new Set<string>();
for (const file of readdirSync(tests, { recursive: true, encoding: 'utf8' }).toSorted()) {
  for (const id of namesIn(file)) {
    if (listed.has(id)) named.add(id);
    else {
      console.error(`${file} names ${id}, which behaviours.json does not list`);
      process.exitCode = 1;
    }
  }
}

for (const { title, behaviours } of groups) {
  const open = Object.entries(behaviours).filter(([id]) => !named.has(id));
  if (open.length > 0) console.log(`\n${title}`);
  for (const [id, rule] of open) console.log(`  ${id.padEnd(5)} ${rule}`);
}
console.log(`\nbehaviours: ${named.size} named, ${listed.size - named.size} open`);

function namesIn(file: string): Set<string> {
  const path = join(tests, file);
  if (/\.test\.ts$|^contracts\/.*\.ts$/.test(file)) return namedBehaviours(readFileSync(path, 'utf8'));
  if (/^scenarios\/.*\.json$/.test(file)) return behavioursOfScenarios(readFileSync(path, 'utf8'));
  return new Set();
}
