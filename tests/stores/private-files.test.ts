import { chmod, chown, mkdir, open, readdir, readFile, stat, symlink, writeFile } from 'node:fs/promises';
import { join } from 'node:path';

import { expect, test } from '@jest/globals';

import {
  createPrivateFile,
  makePrivateFolder,
  readPrivateFile,
  replacePrivateFile,
} from '../../src/stores/private-files.js';
import { cleanUp } from '../support/clean-up.js';
import { posixTest } from '../support/posix-test.js';
import { temporaryFolder } from '../support/temporary-folder.js';

const modeOf = async (path: string) => (await stat(path)).mode & 0o777;

test('reads a file that is private to its owner; a missing one is undefined', async () => {
  const path = join(await temporaryFolder(), 'file');

  expect(await readPrivateFile(path)).toBeUndefined();
  await writeFile(path, 'text', { mode: 0o600 });
  expect((await readPrivateFile(path))?.toString()).toBe('text');
});

posixTest.each([0o640, 0o604, 0o620, 0o602])('refuses a file and a folder with the mode %o [D18]', async (mode) => {
  const folder = await temporaryFolder();
  const path = join(folder, 'file');
  await writeFile(path, 'text');
  await chmod(path, mode);
  await chmod(folder, mode | 0o100);

  await expect(readPrivateFile(path)).rejects.toMatchObject({
    message: `${path} can be read or written by others`,
    advice: `chmod 600 ${path}`,
  });
  await expect(makePrivateFolder(folder)).rejects.toMatchObject({
    message: `${folder} can be read or written by others`,
    advice: `chmod 700 ${folder}`,
  });
});

posixTest('refuses a link, and a folder in place of a file [D18]', async () => {
  const folder = await temporaryFolder();
  await writeFile(join(folder, 'file'), 'text', { mode: 0o600 });
  await symlink(join(folder, 'file'), join(folder, 'link'));
  await mkdir(join(folder, 'folder'), { mode: 0o700 });
  await symlink(join(folder, 'folder'), join(folder, 'folder-link'));

  await expect(readPrivateFile(join(folder, 'link'))).rejects.toThrow('is a link');
  await expect(makePrivateFolder(join(folder, 'folder-link'))).rejects.toThrow('is a link');
  await expect(readPrivateFile(join(folder, 'folder'))).rejects.toThrow('is not a file');
  await expect(readPrivateFile(join(folder, 'file/below'))).rejects.toThrow('cannot be opened (ENOTDIR)');
});

const rootTest = process.getuid?.() === 0 ? test : test.skip;

rootTest('refuses a file and a folder of another user [D18]', async () => {
  const folder = await temporaryFolder();
  const path = join(folder, 'file');
  await writeFile(path, 'text', { mode: 0o600 });
  await chown(path, 12_345, 12_345);
  await chown(folder, 12_345, 12_345);

  await expect(readPrivateFile(path)).rejects.toThrow('belongs to another user');
  await expect(makePrivateFolder(folder)).rejects.toThrow('belongs to another user');
});

posixTest('creates folders and files that are private to their owner [D18]', async () => {
  const folder = join(await temporaryFolder(), 'a', 'b');
  await makePrivateFolder(folder);

  await replacePrivateFile(join(folder, 'file'), 'text');
  await createPrivateFile(join(folder, 'other'), 'text');

  expect(await modeOf(folder)).toBe(0o700);
  expect([await modeOf(join(folder, 'file')), await modeOf(join(folder, 'other'))]).toEqual([0o600, 0o600]);
  expect(await readdir(folder)).toEqual(['file', 'other']);
});

const procTest = process.platform === 'linux' ? test : test.skip;

procTest('reports a folder that cannot be created in /proc, and returns [D18]', async () => {
  await expect(makePrivateFolder('/proc/missing/folder')).rejects.toMatchObject({ code: 'ENOENT', syscall: 'mkdir' });
});

test('three callers can create the same folder at once, but not in place of a file [D18]', async () => {
  const parent = join(await temporaryFolder(), 'a');
  const folder = join(parent, 'b', 'c');

  await Promise.all([1, 2, 3].map(() => makePrivateFolder(folder)));
  await writeFile(join(folder, 'file'), '');

  await expect(makePrivateFolder(join(folder, 'file'))).rejects.toMatchObject({ code: 'EEXIST' });
  await expect(makePrivateFolder(join(folder, 'file', 'd'))).rejects.toMatchObject({ code: 'ENOTDIR' });
});

test('creates a file once, and never replaces it', async () => {
  const path = join(await temporaryFolder(), 'file');

  const created = await Promise.all(['a', 'b', 'c'].map((text) => createPrivateFile(path, text)));

  expect(created.filter(Boolean)).toHaveLength(1);
  expect(await readFile(path, 'utf8')).toBe('abc'[created.indexOf(true)]);
});

posixTest('replaces a file as a whole: a reader of the old file reads it to its end [D18]', async () => {
  const path = join(await temporaryFolder(), 'file');
  await replacePrivateFile(path, 'old');
  const reader = await open(path);
  cleanUp(() => reader.close());

  await replacePrivateFile(path, 'new');

  expect(await readFile(path, 'utf8')).toBe('new');
  expect(await reader.readFile('utf8')).toBe('old');
});
