// Compiles the files of each folder with several versions of TypeScript and all their module resolutions, and checks the
// declarations of all packages too.
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { cpSync, mkdirSync, readFileSync, renameSync } from 'node:fs';
import { dirname } from 'node:path';
import { text } from 'node:stream/consumers';

import { compilers } from './programs.mjs';

// One installation serves all folders. What a folder alone has moves to it, with a copy of the package, which imports it.
const { peerDependencies } = JSON.parse(readFileSync('node_modules/m2m-tokens/package.json', 'utf8'));
for (const peer of Object.keys(peerDependencies)) move(peer, 'with-peers', peer);
move('@types/node-newest', 'newest-node', '@types/node');
for (const folder of ['with-peers', 'newest-node']) {
  cpSync('node_modules/m2m-tokens', `${folder}/node_modules/m2m-tokens`, { recursive: true });
}

function move(name, folder, newName) {
  const target = `${folder}/node_modules/${newName}`;
  mkdirSync(dirname(target), { recursive: true });
  renameSync(`node_modules/${name}`, target);
}

const waiting = [...compilers];

async function compileAll() {
  for (let compiler = waiting.shift(); compiler !== undefined; compiler = waiting.shift()) {
    const child = spawn(process.execPath, ['compile.mjs', compiler], { stdio: ['ignore', 'pipe', 'inherit'] });
    const [[exitCode], output] = await Promise.all([once(child, 'close'), text(child.stdout)]);
    console.log(output);
    if (exitCode !== 0) process.exitCode = 1;
  }
}

await Promise.all([compileAll(), compileAll()]);
