import { homedir } from 'node:os';
import { isAbsolute, join } from 'node:path';

import type { CommandContext } from '../context.js';
import { CommandError } from './command-error.js';

type Environment = CommandContext['env'];

/** The folder of the command's configuration: below `XDG_CONFIG_HOME`, `%APPDATA%` or `~/.config`. */
export const configurationFolder = (env: Environment): string =>
  join(absolute(env['XDG_CONFIG_HOME']) ?? absolute(env['APPDATA']) ?? join(homeOf(env), '.config'), 'm2m-tokens');

/** The folder of the command's cached tokens: below `XDG_CACHE_HOME`, `%LOCALAPPDATA%` or `~/.cache`. */
export const cacheFolder = (env: Environment): string =>
  join(absolute(env['XDG_CACHE_HOME']) ?? absolute(env['LOCALAPPDATA']) ?? join(homeOf(env), '.cache'), 'm2m-tokens');

function homeOf(env: Environment): string {
  const home = absolute(env['HOME']) ?? absolute(homeOfUser());
  if (home !== undefined) return home;
  throw new CommandError('the home folder of this user is unknown', { advice: 'set HOME to a writable folder' });
}

function homeOfUser(): string | undefined {
  try {
    return homedir();
  } catch {
    // In many containers, the user has no entry in the user database.
    return undefined;
  }
}

// The XDG Base Directory Specification ignores relative paths, which would depend on the working directory.
const absolute = (path: string | undefined): string | undefined =>
  path !== undefined && isAbsolute(path) ? path : undefined;
