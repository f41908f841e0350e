import { constants } from 'node:fs';
import { open } from 'node:fs/promises';

import { CommandError } from './command-error.js';

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
    const { mode, uid, ...stats } = await file.stat();
    if (!stats.isFile()) throw refused(path, 'is no file', 'put a file there');
    if (process.getuid !== undefined && uid !== process.getuid()) {
      throw refused(path, 'belongs to somebody else', 'use a file of your own');
    }
    // Windows has other means, and says 0666 of everything.
    if (process.platform !== 'win32' && (mode & 0o077) !== 0) {
      throw refused(path, 'can be read or written by others', `chmod 600 ${path}`);
    }
    return await file.readFile('utf8');
  } finally {
    await file.close();
  }
}

const refused = (path: string, why: string, advice: string) => new CommandError(`${path} ${why}`, { advice });
