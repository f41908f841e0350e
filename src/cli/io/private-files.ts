import { constants } from 'node:fs';
import { open } from 'node:fs/promises';
import { homedir } from 'node:os';
import { join } from 'node:path';

import type { CommandContext } from '../context.js';
import { CommandError } from './command-error.js';

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

/**
 * The text of a file that only its owner can read; `undefined` when there is none.
 * @throws {CommandError} when group or others can read or write it, or it is somebody else's, a link or no file
 */
export async function readPrivateFile(path: string): Promise<string | undefined> {
  const file = await open(path, constants.O_RDONLY | constants.O_NOFOLLOW).catch((error: NodeJS.ErrnoException) => {
    if (error.code === 'ENOENT') return undefined;
    if (error.code === 'ELOOP') throw refused(path, 'is a link', 'put the file itself there');
    throw refused(path, `cannot be opened (${error.code})`, 'check its owner and mode');
  });
  if (file === undefined) return undefined;
  try {
    // Of the open file: a path could mean another one by now.
    const stats = await file.stat();
    if (!stats.isFile()) throw refused(path, 'is no file', 'put a file there');
    if (process.getuid !== undefined && stats.uid !== process.getuid()) {
      throw refused(path, 'belongs to somebody else', 'use a file of your own');
    }
    // Windows has other means, and says 0666 of everything.
    if (process.platform !== 'win32' && (stats.mode & 0o077) !== 0) {
      throw refused(path, 'can be read or written by others', `chmod 600 ${path}`);
    }
    return await file.readFile('utf8');
  } finally {
    await file.close();
  }
}

const refused = (path: string, why: string, advice: string) => new CommandError(`${path} ${why}`, { advice });
