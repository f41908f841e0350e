import { situations } from './situations/index.js';
import { bundle, preparePeers } from './peers-folder.js';
import { faultMatrix } from './fault-matrix.js';
const [, , folder = '', ...ids] = process.argv;
const start = Date.now();
const subjects = await preparePeers(folder);
console.log(`ready ${Date.now() - start}`);
const rows = await faultMatrix(
  subjects,
  await bundle('trial-process.ts', folder),
  ids.length ? situations.filter(({ id }) => ids.includes(id)) : situations,
);
for (const { situation, outcomes } of rows) {
  console.log(`\n# ${situation.id} [${situation.rule}] ${situation.right}`);
  outcomes.forEach(({ mark, measured }, index) =>
    console.log(`  ${mark.padEnd(12)} ${subjects[index]?.about.name.padEnd(22)} ${measured}`),
  );
}
console.log(`total ${Date.now() - start}`);
