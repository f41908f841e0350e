import { chmod, mkdir, symlink, writeFile } from 'node:fs/promises';
import { homedir } from 'node:os';
import { join } from 'node:path';

import { expect, test } from '@jest/globals';

import { cacheFolder, configurationFolder, readPrivateFile } from '../../../src/cli/io/private-files.js';
import { temporaryFolder } from '../../support/temporary-folder.js';

test.each([
  [{ HOME: '/home/a' }, '/home/a/.config/m2m-tokens', '/home/a/.cache/m2m-tokens'],
  [{ HOME: '/home/a', XDG_CONFIG_HOME: '/c', XDG_CACHE_HOME: '/k' }, '/c/m2m-tokens', '/k/m2m-tokens'],
  [{ APPDATA: '/r', LOCALAPPDATA: '/l' }, '/r/m2m-tokens', '/l/m2m-tokens'],
  [{}, join(homedir(), '.config/m2m-tokens'), join(homedir(), '.cache/m2m-tokens')],
])('the folders of a user with %j', (env, configuration, cache) => {
  expect(configurationFolder(env)).toBe(configuration);
  expect(cacheFolder(env)).toBe(cache);
});

test('a file of the owner alone is read; none is none', async () => {
  const path = join(await temporaryFolder(), 'file');

  expect(await readPrivateFile(path)).toBeUndefined();
  await writeFile(path, 'text', { mode: 0o600 });
  expect(await readPrivateFile(path)).toBe('text');
});

test.each([0o640, 0o604, 0o620, 0o602])('a file with the mode %o is refused [D18]', async (mode) => {
  const path = join(await temporaryFolder(), 'file');
  await writeFile(path, 'text');
  await chmod(path, mode);

  await expect(readPrivateFile(path)).rejects.toMatchObject({
    message: `${path} can be read or written by others`,
    advice: `chmod 600 ${path}`,
  });
});

test('a link is not followed, and a folder is no file [D18]', async () => {
  const folder = await temporaryFolder();
  await writeFile(join(folder, 'file'), 'text', { mode: 0o600 });
  await symlink(join(folder, 'file'), join(folder, 'link'));
  await mkdir(join(folder, 'folder'), { mode: 0o700 });

  await expect(readPrivateFile(join(folder, 'link'))).rejects.toThrow('is a link');
  await expect(readPrivateFile(join(folder, 'folder'))).rejects.toThrow('is no file');
  await expect(readPrivateFile(join(folder, 'file/below'))).rejects.toThrow('cannot be opened (ENOTDIR)');
});
