/**
 * Prints the behaviours that no test names. Fails if a test names an unknown behaviour, or one that does not apply.
 *
 *     npm run coverage:behaviour -- [--write]
 */
import { readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { parseArgs } from 'node:util';

import { behavioursOfScenarios, namedBehaviours } from './named-behaviours.js';
import { behaviourPage, type Group } from './page.js';

const { values: flags } = parseArgs({
  options: {
    /** Writes the guide to the behaviours anew. */
    write: { type: 'boolean', default: false },
  },
});

const tests = join(import.meta.dirname, '..');
const list = readFileSync(join(import.meta.dirname, 'behaviours.json'), 'utf8');
const groups = Object.values(JSON.parse(list) as Record<string, Group>);
const inapplicable = new Set(groups.flatMap(({ doNotApply = {} }) => Object.keys(doNotApply)));
const listed = new Set(groups.flatMap(({ behaviours }) => Object.keys(behaviours)));

if (flags.write) writeFileSync(join(tests, '../examples/guides/behaviour.md'), behaviourPage(groups));

const named = new Set<string>();
for (const file of readdirSync(tests, { recursive: true, encoding: 'utf8' }).toSorted()) {
  for (const id of namesIn(file)) {
    if (listed.has(id) && !inapplicable.has(id)) named.add(id);
    else {
      const flaw = inapplicable.has(id) ? 'says not to apply' : 'does not list';
      console.error(`${file} names ${id}, which behaviours.json ${flaw}`);
      process.exitCode = 1;
    }
  }
}

for (const { title, behaviours } of groups) {
  const open = Object.entries(behaviours).filter(([id]) => !named.has(id) && !inapplicable.has(id));
  if (open.length > 0) console.log(`\n${title}`);
  for (const [id, rule] of open) console.log(`  ${id.padEnd(5)} ${rule}`);
}
const open = listed.size - named.size - inapplicable.size;
console.log(`\nbehaviours: ${named.size} named, ${inapplicable.size} do not apply, ${open} open`);

function namesIn(file: string): Set<string> {
  const path = join(tests, file);
  if (/\.test\.ts$|^contracts\/.*\.ts$/.test(file)) return namedBehaviours(readFileSync(path, 'utf8'));
  if (/^scenarios\/.*\.json$/.test(file)) return behavioursOfScenarios(readFileSync(path, 'utf8'));
  return new Set();
}
