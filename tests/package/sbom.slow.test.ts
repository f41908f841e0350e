import { execFile } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { promisify } from 'node:util';

import { expect } from '@jest/globals';

import { posixTest } from '../support/posix-test.js';

const root = join(import.meta.dirname, '../..');

interface LockFile {
  readonly packages: Readonly<Record<string, { readonly version: string; readonly dev?: true; readonly peer?: true }>>;
}

interface Sbom {
  readonly metadata: { readonly component: { readonly name: string } };
  readonly components: readonly { readonly name: string; readonly version: string }[];
}

// On Windows, npm starts with a shell.
posixTest('the bill of materials lists what users install, with what the CommonJS files hold', async () => {
  const argv = ['--import', 'tsx', 'tests/package/sbom.ts'];
  const { stdout } = await promisify(execFile)(process.execPath, argv, { cwd: root, maxBuffer: 16 * 1024 * 1024 });
  const { metadata, components } = JSON.parse(stdout) as Sbom;

  expect(metadata.component.name).toBe('m2m-tokens');
  expect(components.map(({ name, version }) => `${name}@${version}`).toSorted()).toEqual(installed());
  expect(components.map(({ name }) => name)).toEqual(expect.arrayContaining(bundled()));
});

function installed(): string[] {
  const { packages } = JSON.parse(readFileSync(join(root, 'package-lock.json'), 'utf8')) as LockFile;
  return Object.entries(packages)
    .filter(([path, { dev, peer }]) => path !== '' && dev === undefined && peer === undefined)
    .map(([path, { version }]) => `${path.split('node_modules/').at(-1)}@${version}`)
    .toSorted();
}

/** The packages that Rollup puts into the CommonJS files. */
function bundled(): string[] {
  const [, names] = /\^\(\?:([\w|-]+)\)/.exec(readFileSync(join(root, 'rollup.config.js'), 'utf8')) ?? [];
  if (names === undefined) throw new Error('rollup.config.js names no packages');
  return names.split('|');
}
