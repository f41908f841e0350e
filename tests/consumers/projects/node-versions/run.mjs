// Runs the programs of this folder and the command on each supported version of Node.js.
import { spawnSync } from 'node:child_process';

const majors = ['20', '22', '24', '26'];
const [running] = process.versions.node.split('.');
const others = majors.filter((major) => major !== running);

// npm packages contain the binaries of Node.js.
const nodes = others.map((major) => `node-${major}@npm:node-${process.platform}-${process.arch}@${major}`);
run('npm', 'install', '--no-save', '--ignore-scripts', '--no-audit', '--no-fund', '--loglevel=error', ...nodes);

for (const major of majors) {
  const node = major === running ? process.execPath : `node_modules/node-${major}/bin/node`;
  run(node, 'import.mjs', major);
  run(node, 'require.cjs', major);
  run(node, 'node_modules/.bin/m2m', '--version');
}
run('npx', '--no-install', 'm2m-tokens', 'token', '--help');

function run(command, ...args) {
  const { status, error } = spawnSync(command, args, { stdio: 'inherit' });
  if (status === 0) return;
  console.error(`failed: ${command} ${args.join(' ')}${error === undefined ? '' : ` (${error.message})`}`);
  process.exitCode = 1;
}
