import { readFileSync } from 'node:fs';
import { join } from 'node:path';

import { expect, test } from '@jest/globals';

const root = join(import.meta.dirname, '..');
const read = (file: string): string => readFileSync(join(root, file), 'utf8');

interface Manifest {
  readonly dependencies: Readonly<Record<string, string>>;
  readonly peerDependencies: Readonly<Record<string, string>>;
  readonly peerDependenciesMeta: Readonly<Record<string, { readonly optional: boolean }>>;
  readonly scripts: Readonly<Record<string, string>>;
  readonly publishConfig: object;
}

interface LockFile {
  readonly packages: Readonly<Record<string, { readonly dev?: boolean; readonly hasInstallScript?: boolean }>>;
}

const manifest = JSON.parse(read('package.json')) as Manifest;
const { packages } = JSON.parse(read('package-lock.json')) as LockFile;

test('each package that users install has its reason in CONTRIBUTING.md, and nothing else has one', () => {
  const { 1: section = '' } = read('CONTRIBUTING.md').split('## Run-time dependencies');
  const rows = [...section.matchAll(/^\| ([\w@/-]+)(?: \(([^)]*)\))? +\| (.{20,}?) *\|$/gm)].filter(
    ([, name]) => !/^(package|-+)$/.test(name ?? ''),
  );

  const named = (kind: (note: string | undefined) => boolean) =>
    new Set(rows.filter(([, , note]) => kind(note)).map(([, name]) => name));
  expect(named((note) => note === undefined)).toEqual(new Set(Object.keys(manifest.dependencies)));
  expect(named((note) => note?.startsWith('optional peer') ?? false)).toEqual(
    new Set(Object.keys(manifest.peerDependencies)),
  );
});

test('each peer is optional', () => {
  const peers = Object.keys(manifest.peerDependencies);

  expect(manifest.peerDependenciesMeta).toEqual(Object.fromEntries(peers.map((name) => [name, { optional: true }])));
});

test('neither this package nor one that users install runs a script when it is installed', () => {
  const installed = Object.entries(packages).filter(([, { dev }]) => dev !== true);

  expect(installed.filter(([, { hasInstallScript }]) => hasInstallScript).map(([path]) => path)).toEqual([]);
  expect(Object.keys(manifest.scripts).filter((name) => /^(pre|post)?install$|^prepare$/.test(name))).toEqual([]);
});

test('is published with provenance', () => {
  expect(manifest.publishConfig).toMatchObject({ provenance: true });
});
