import { homedir } from 'node:os';
import { join } from 'node:path';

import type { CommandContext } from './command-context.js';

type Environment = CommandContext['env'];

/** Where the user's settings for this command are: below `XDG_CONFIG_HOME`, `~/.config`, or `%APPDATA%`. */
export function configurationFolder(env: Environment): string {
  return join(env['XDG_CONFIG_HOME'] || env['APPDATA'] || join(homeOf(env), '.config'), 'm2m-tokens');
}

/** Where what can be lost is kept: below `XDG_CACHE_HOME`, `~/.cache`, or `%LOCALAPPDATA%`. */
export function cacheFolder(env: Environment): string {
  return join(env['XDG_CACHE_HOME'] || env['LOCALAPPDATA'] || join(homeOf(env), '.cache'), 'm2m-tokens');
}

const homeOf = (env: Environment): string => env['HOME'] || homedir();
