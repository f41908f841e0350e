import { homedir } from 'node:os';
import { join } from 'node:path';

import type { CommandContext } from '../context.js';
import { CommandError } from './command-error.js';

type Environment = CommandContext['env'];

/** The folder of the command's configuration: below `XDG_CONFIG_HOME`, `%APPDATA%` or `~/.config`. */
export const configurationFolder = (env: Environment): string =>
  join(env['XDG_CONFIG_HOME'] || env['APPDATA'] || join(homeOf(env), '.config'), 'm2m-tokens');

/** The folder of the command's cached tokens: below `XDG_CACHE_HOME`, `%LOCALAPPDATA%` or `~/.cache`. */
export const cacheFolder = (env: Environment): string =>
  join(env['XDG_CACHE_HOME'] || env['LOCALAPPDATA'] || join(homeOf(env), '.cache'), 'm2m-tokens');

function homeOf(env: Environment): string {
  if (env['HOME']) return env['HOME'];
  try {
    return homedir();
  } catch {
    // In many containers, the user has no entry in the user database.
    throw new CommandError('the home folder is unknown', { advice: 'set HOME' });
  }
}
