import { homedir } from 'node:os';
import { join } from 'node:path';

import { expect, test } from '@jest/globals';

import { cacheFolder, configurationFolder } from '../../../src/cli/io/user-folders.js';

test.each([
  [{ HOME: '/home/a' }, '/home/a/.config/m2m-tokens', '/home/a/.cache/m2m-tokens'],
  [{ HOME: '/home/a', XDG_CONFIG_HOME: '/c', XDG_CACHE_HOME: '/k' }, '/c/m2m-tokens', '/k/m2m-tokens'],
  [{ APPDATA: '/r', LOCALAPPDATA: '/l' }, '/r/m2m-tokens', '/l/m2m-tokens'],
  [
    { HOME: '/home/a', XDG_CONFIG_HOME: 'c', XDG_CACHE_HOME: './k' },
    '/home/a/.config/m2m-tokens',
    '/home/a/.cache/m2m-tokens',
  ],
  [{}, join(homedir(), '.config/m2m-tokens'), join(homedir(), '.cache/m2m-tokens')],
])('finds the folders of a user with %j', (env, configuration, cache) => {
  expect(configurationFolder(env)).toBe(join(configuration));
  expect(cacheFolder(env)).toBe(join(cache));
});
