import { execFile } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { promisify } from 'node:util';

import { beforeAll, expect, test } from '@jest/globals';

const root = join(import.meta.dirname, '../..');

interface LockFile {
  readonly packages: Readonly<Record<string, { readonly version: string; readonly dev?: true; readonly peer?: true }>>;
}

interface Sbom {
  readonly metadata: { readonly component: { readonly name: string } };
  readonly components: readonly { readonly name: string; readonly version: string }[];
}

let sbom: Sbom;

beforeAll(async () => {
  const argv = ['--import', 'tsx', 'tests/package/sbom.ts'];
  const { stdout } = await promisify(execFile)(process.execPath, argv, { cwd: root, maxBuffer: 16 * 1024 * 1024 });
  sbom = JSON.parse(stdout) as Sbom;
});

test('the bill of materials lists what users install, and nothing else', () => {
  const { packages } = JSON.parse(readFileSync(join(root, 'package-lock.json'), 'utf8')) as LockFile;
  const installed = Object.entries(packages)
    .filter(([path, { dev, peer }]) => path !== '' && dev === undefined && peer === undefined)
    .map(([path, { version }]) => `${path.split('node_modules/').at(-1)}@${version}`);

  expect(sbom.metadata.component.name).toBe('m2m-tokens');
  expect(sbom.components.map(({ name, version }) => `${name}@${version}`).toSorted()).toEqual(installed.toSorted());
});

test('the bill of materials lists the packages that the CommonJS files hold', () => {
  const names = /\^\(\?:([\w|-]+)\)/.exec(readFileSync(join(root, 'rollup.config.js'), 'utf8'))?.[1]?.split('|') ?? [];

  expect(names).toContain('openid-client');
  expect(sbom.components.map(({ name }) => name)).toEqual(expect.arrayContaining(names));
});
