import { readdirSync, readFileSync } from 'node:fs';
import { join, sep } from 'node:path';

import { expect, test } from '@jest/globals';

import { codeBlocks, examplesOf, faultsOf } from './support/code-blocks.js';

const root = join(import.meta.dirname, '..');

const files = [
  'README.md',
  'CONTRIBUTING.md',
  'SECURITY.md',
  ...filesBelow('examples').filter((file) => file.endsWith('.md')),
  ...filesBelow('src'),
];

test('each program in the documents and the docstrings compiles', () => {
  const blocks = files.flatMap((file) => codeBlocks(file, readFileSync(join(root, file), 'utf8')));

  expect(blocks.length).toBeGreaterThan(30);
  expect(faultsOf(blocks)).toEqual([]);
});

test('each exported value has an example, which uses it', () => {
  const { compilerOptions } = JSON.parse(readFileSync(join(root, 'tsconfig.json'), 'utf8')) as {
    compilerOptions: { paths: Record<string, string[]> };
  };
  const examples = [...examplesOf(Object.values(compilerOptions.paths).flat())];

  expect(examples.map(([name]) => name)).toEqual(
    expect.arrayContaining(['createTokenService', 'redisStore', 'withCache', 'withBearerToken']),
  );
  expect(examples.filter(([name, texts]) => !texts.some((text) => text.includes(name)))).toEqual([]);
});

test('a fault is reported with the line in its file', () => {
  const document = ['# Title', '```ts', "import { dpop } from 'm2m-tokens';", '', 'dpop(1);', '```'].join('\n');
  const source = ['/**', ' * @example', ' * ```ts', ' * tokens.getToken();', ' * ```', ' */'].join('\n');

  expect(faultsOf([...codeBlocks('a.md', document), ...codeBlocks('b.ts', source)])).toEqual([
    expect.stringMatching(/^a\.md:5: Type '1' has no properties in common/),
    "b.ts:4: Cannot find name 'tokens'.",
  ]);
});

test('of a block with another library, the syntax is checked', () => {
  const block = (code: string) => ['```ts before', "import { get } from 'not-installed';", code, '```'].join('\n');

  expect(faultsOf(codeBlocks('a.md', block('get(1);')))).toEqual([]);
  expect(faultsOf(codeBlocks('a.md', block('get(1;')))).toEqual([expect.stringMatching(/^a\.md:3: /)]);
});

test('a block is a module of its own, and a fragment is no program', () => {
  const block = ['```ts', 'const a = 1;', '```'];
  const blocks = codeBlocks('a.md', [...block, ...block, '```ts fragment', 'dpop(', '```', '```', '```'].join('\n'));

  expect(blocks).toEqual([
    { file: 'a.md', line: 1, text: 'const a = 1;' },
    { file: 'a.md', line: 4, text: 'const a = 1;' },
  ]);
  expect(faultsOf(blocks)).toEqual([]);
});

function filesBelow(folder: string): string[] {
  return readdirSync(join(root, folder), { recursive: true, encoding: 'utf8' })
    .map((file) => `${folder}/${file.replaceAll(sep, '/')}`)
    .filter((file) => /\.(?:ts|md)$/.test(file));
}
