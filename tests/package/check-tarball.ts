/**
 * Installs the packed tarball into a fresh project and uses it there on each supported Node:
 * `tsx tests/package/check-tarball.ts <tarball>`.
 */
import { spawnSync } from 'node:child_process';
import { cpSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';

const tarball = process.argv[2];
if (tarball === undefined) throw new Error('which tarball? usage: check-tarball.ts <tarball>');

const majors = ['20', '22', '24', '26'];
const [running = ''] = process.versions.node.split('.');
const others = majors.filter((major) => major !== running);

const project = mkdtempSync(join(tmpdir(), 'm2m-tokens-consumer-'));
try {
  cpSync(join(import.meta.dirname, 'consumer'), project, { recursive: true });
  writeFileSync(join(project, 'package.json'), JSON.stringify({ private: true }));
  // npm packages contain the binaries of Node.js.
  const nodes = others.map((major) => `node-${major}@npm:node-${process.platform}-${process.arch}@${major}`);
  const quietly = ['--ignore-scripts', '--no-audit', '--no-fund', '--loglevel=error'];
  // undici 8 needs Node.js 22.
  run('npm', 'install', ...quietly, resolve(tarball), 'axios', 'undici@7', 'undici-8@npm:undici@8', ...nodes);

  for (const major of majors) {
    const node = major === running ? process.execPath : join(project, 'node_modules', `node-${major}`, 'bin', 'node');
    run(node, 'import.mjs', major);
    run(node, 'require.cjs', major);
    run(node, join('node_modules', '.bin', 'm2m'), '--version');
  }
  run('npx', '--no-install', 'm2m-tokens', 'token', '--help');
} finally {
  rmSync(project, { recursive: true, force: true });
}

function run(command: string, ...args: readonly string[]): void {
  const { status, error } = spawnSync(command, args, { cwd: project, stdio: 'inherit' });
  if (status === 0) return;
  console.error(`failed: ${command} ${args.join(' ')}${error === undefined ? '' : ` (${error.message})`}`);
  process.exitCode = 1;
}
