import { chmod, readdir, readFile, stat, symlink, truncate, writeFile } from 'node:fs/promises';
import { join } from 'node:path';

import { expect, test } from '@jest/globals';

import { fileStore } from '../../src/stores/file.js';
import { tokenStoreContract } from '../contracts/token-store.js';
import { fakeClock } from '../support/clock.js';
import { posixTest } from '../support/posix-test.js';
import { temporaryFolder } from '../support/temporary-folder.js';

async function newStore() {
  const clock = fakeClock();
  const folder = join(await temporaryFolder(), 'tokens');
  return { clock, folder, store: fileStore(folder, { clock }) };
}

tokenStoreContract('fileStore', async () => {
  const { clock, store } = await newStore();
  return { store, pass: async (ms) => clock.advance(ms) };
});

const token = { version: 1, issuedAt: 1_000, expiresAt: 61_000, payload: 'payload' };

test('shares tokens and leases with other stores in the same folder', async () => {
  const { clock, folder, store } = await newStore();
  const other = fileStore(folder, { clock });

  await store.set('a', token, 60_000);
  const lease = await store.lease('a', 60_000);

  expect(await other.get('a')).toEqual(token);
  expect(await other.lease('a', 60_000)).toBeUndefined();
  await lease?.release();
  expect(await other.lease('a', 60_000)).toBeDefined();
});

test('lists the keys of its tokens', async () => {
  const { store } = await newStore();

  expect(await store.keys()).toEqual([]);
  await store.set('a/../b é', token, 60_000);
  await store.lease('b', 60_000);
  expect(await store.keys()).toEqual(['a/../b é']);
});

posixTest('creates a folder and files that are private to their owner, and no further files [D18]', async () => {
  const { folder, store } = await newStore();

  await store.set('a', token, 60_000);

  const [name = '', ...others] = await readdir(folder);
  expect(others).toEqual([]);
  expect((await stat(folder)).mode & 0o777).toBe(0o700);
  expect((await stat(join(folder, name))).mode & 0o777).toBe(0o600);
});

test.each<[string, (path: string) => Promise<void>]>([
  ['cut off', (path) => truncate(path, 20)],
  ['empty', (path) => truncate(path, 0)],
  ['not an entry', (path) => writeFile(path, '{"until": 9e99}')],
])('a file that is %s counts as missing, and is replaced [D18]', async (_, damage) => {
  const { folder, store } = await newStore();
  await store.set('a', token, 60_000);
  await store.lease('a', 60_000);
  for (const name of await readdir(folder)) await damage(join(folder, name));

  expect(await store.get('a')).toBeUndefined();
  await store.set('a', token, 60_000);
  expect(await store.get('a')).toEqual(token);
});

test('a damaged lease can be taken again', async () => {
  const { folder, store } = await newStore();
  await store.lease('a', 60_000);
  const [name = ''] = await readdir(folder);
  await truncate(join(folder, name), 5);

  expect(await store.lease('a', 60_000)).toBeDefined();
});

posixTest('throws if other users can use a file or the folder, or a file is a link [D18]', async () => {
  const { folder, store } = await newStore();
  await store.set('a', token, 60_000);
  const [name = ''] = await readdir(folder);

  await chmod(join(folder, name), 0o644);
  await expect(store.get('a')).rejects.toThrow('can be read or written by others');
  await expect(store.set('a', token, 60_000)).rejects.toThrow('can be read or written by others');

  await symlink(join(folder, name), join(folder, name.replace('61', '62')));
  await expect(store.get('b')).rejects.toThrow('is a link');

  await chmod(folder, 0o755);
  await expect(store.lease('c', 60_000)).rejects.toThrow('can be read or written by others');
  await expect(store.keys()).rejects.toThrow('can be read or written by others');
});

posixTest('a failed call does not affect the next one', async () => {
  const { folder, store } = await newStore();
  await store.set('a', token, 60_000);
  await chmod(folder, 0o755);

  const failing = store.get('a');
  await expect(failing).rejects.toThrow('can be read or written by others');
  await chmod(folder, 0o700);

  expect(await store.get('a')).toEqual(token);
  expect(await readFile(join(folder, `${Buffer.from('a').toString('hex')}.token`), 'utf8')).toContain('payload');
});
