// Runs the programs of this folder and the command on each supported version of Node.js.
import { execFileSync } from 'node:child_process';
import { mkdirSync, readdirSync } from 'node:fs';

const majors = ['20', '22', '24', '26'];
const [running] = process.versions.node.split('.');
const others = majors.filter((major) => major !== running);

// npm packages contain the binaries of Node.js. To install them would take longer: most of their files are headers.
const name = `node-${process.platform}-${process.arch}`;
run('npm', 'pack', '--silent', ...others.map((major) => `${name}@${major}`));

for (const major of majors) {
  const node = major === running ? process.execPath : unpacked(major);
  run(node, 'versions/import.mjs', major);
  run(node, 'versions/require.cjs', major);
  run(node, 'node_modules/.bin/m2m', '--version');
}
run('npx', '--no-install', 'm2m-tokens', 'token', '--help');

function unpacked(major) {
  const tarball = readdirSync('.').find((file) => file.startsWith(`${name}-${major}.`));
  const folder = `node-${major}`;
  mkdirSync(folder);
  run('tar', '-xzf', tarball, '-C', folder, '--occurrence', 'package/bin/node');
  return `${folder}/package/bin/node`;
}

function run(command, ...args) {
  execFileSync(command, args, { stdio: 'inherit' });
}
