// Compiles files with each installed version of TypeScript and each module resolution that it has, and checks the declarations
// of all packages too: `node check-types.mjs <file> ...`.
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { readdirSync } from 'node:fs';
import { text } from 'node:stream/consumers';

const modules = { node10: 'commonjs', node16: 'node16', nodenext: 'nodenext', bundler: 'preserve' };
const compilers = readdirSync('node_modules').filter((name) => name.startsWith('typescript-'));
const waiting = compilers.flatMap((compiler) =>
  Object.keys(modules)
    // Deprecated in TypeScript 6, removed from TypeScript 7.
    .filter((resolution) => resolution !== 'node10' || compiler === 'typescript-5.9')
    .map((resolution) => ({ compiler, resolution })),
);
if (waiting.length === 0) throw new Error('no version of TypeScript is installed');

async function compileAll() {
  for (let next = waiting.shift(); next !== undefined; next = waiting.shift()) await compile(next);
}

async function compile({ compiler, resolution }) {
  const options = {
    module: modules[resolution],
    moduleResolution: resolution,
    target: 'es2022',
    lib: 'es2022',
    types: 'node',
    strict: 'true',
    skipLibCheck: 'false',
    esModuleInterop: 'true',
    noEmit: 'true',
  };
  const words = Object.entries(options).flatMap(([name, value]) => [`--${name}`, value]);
  const child = spawn(process.execPath, [`node_modules/${compiler}/bin/tsc`, ...words, ...process.argv.slice(2)]);
  const [[exitCode], output] = await Promise.all([once(child, 'close'), text(child.stdout)]);
  console.log(`${exitCode === 0 ? 'passed' : 'FAILED'} ${compiler} ${resolution}\n${output}`);
  if (exitCode !== 0) process.exitCode = 1;
}

await Promise.all([compileAll(), compileAll()]);
