import assert from 'node:assert/strict';
import { readdirSync, readFileSync } from 'node:fs';
import { test } from 'node:test';

const files = readdirSync('node_modules/m2m-tokens', { recursive: true, withFileTypes: true })
  .filter((entry) => entry.isFile())
  .map(({ parentPath, path, name }) => `${parentPath ?? path}/${name}`.slice('node_modules/m2m-tokens/'.length))
  .filter((file) => !file.startsWith('node_modules/'))
  .toSorted();

test('the package has the files of expected.txt', () => {
  assert.deepEqual(files, readFileSync('expected.txt', 'utf8').trimEnd().split('\n'));
});

for (const [rule, forbidden] of Object.entries({
  'no sources and no maps': /^src\/|\.map$|(?<!\.d)\.[cm]?tsx?$/,
  'no hash in a name': /-(?=[\w-]*[A-Z\d])[\w-]{8}\.[a-z.]+$/,
  'no declarations of the command': /^dist\/cli\/.*\.d\.[cm]?ts$/,
})) {
  test(`the package has ${rule}`, () => {
    assert.deepEqual(
      files.filter((file) => forbidden.test(file)),
      [],
    );
  });
}
