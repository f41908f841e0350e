import { randomUUID } from 'node:crypto';
import { constants, type Stats } from 'node:fs';
import { link, lstat, mkdir, open, rename, rm, writeFile } from 'node:fs/promises';
import { dirname } from 'node:path';

/** The error for a file or folder that is not private to its owner. The message contains its path. */
export class PrivateFileError extends Error {
  override readonly name = 'PrivateFileError';
  /** One line that tells the user how to correct it. */
  readonly advice: string;

  constructor(message: string, advice: string) {
    super(message);
    this.advice = advice;
  }
}

/**
 * The bytes of a file that only its owner can read and write; `undefined` if there is no such file.
 * @throws {PrivateFileError} if other users can read or write the file or own it, if it is a link or a folder, or if it
 * cannot be opened
 */
export async function readPrivateFile(path: string): Promise<Buffer | undefined> {
  const file = await open(path, constants.O_RDONLY | constants.O_NOFOLLOW).catch(({ code }: NodeJS.ErrnoException) => {
    if (code === 'ENOENT') return undefined;
    if (code === 'ELOOP') throw new PrivateFileError(`${path} is a link`, 'replace the link with the file itself');
    throw new PrivateFileError(`${path} cannot be opened (${code})`, 'check its owner and mode');
  });
  if (file === undefined) return undefined;
  try {
    // Check the open file, because the path may name another file by now.
    const stats = await file.stat();
    if (!stats.isFile()) throw new PrivateFileError(`${path} is not a file`, 'replace it with a file');
    checkOwner(path, stats, '600');
    return await file.readFile();
  } finally {
    await file.close();
  }
}

/** Atomically creates a file that only its owner can read. Returns `false` if the file exists. */
export async function createPrivateFile(path: string, text: string): Promise<boolean> {
  const temporary = await temporaryFile(path, text);
  try {
    // Unlike a rename, a link never replaces a file.
    await link(temporary, path);
    return true;
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'EEXIST') return false;
    throw error;
  } finally {
    await rm(temporary);
  }
}

/** Atomically replaces or creates a file that only its owner can read. */
export async function replacePrivateFile(path: string, text: string): Promise<void> {
  await rename(await temporaryFile(path, text), path);
}

async function temporaryFile(path: string, text: string): Promise<string> {
  const temporary = `${path}.${randomUUID()}`;
  await writeFile(temporary, text, { mode: 0o600, flag: 'wx' });
  return temporary;
}

/**
 * Creates a folder that only its owner can use, unless it exists.
 * @throws {PrivateFileError} if other users can read or write the folder or own it, or if it is a link
 */
export async function makePrivateFolder(path: string): Promise<void> {
  await makeFolder(path);
  const stats = await lstat(path);
  if (stats.isSymbolicLink()) throw new PrivateFileError(`${path} is a link`, 'replace the link with a folder');
  checkOwner(path, stats, '700');
}

// With `recursive`, mkdir never returns for a folder that /proc cannot contain (Node.js 20).
async function makeFolder(path: string): Promise<void> {
  const make = () => mkdir(path, { mode: 0o700 });
  try {
    await make().catch(async (error: NodeJS.ErrnoException) => {
      if (error.code !== 'ENOENT' || dirname(path) === path) throw error;
      await makeFolder(dirname(path));
      await make();
    });
  } catch (error) {
    const exists = (error as NodeJS.ErrnoException).code === 'EEXIST';
    if (!exists || (await lstat(path)).isFile()) throw error;
  }
}

function checkOwner(path: string, { uid, mode }: Stats, privateMode: '600' | '700'): void {
  // Windows has no such owners and modes: Node.js reports 0666 for each file.
  if (process.platform === 'win32') return;
  if (uid !== process.getuid?.()) throw new PrivateFileError(`${path} belongs to another user`, 'use one of your own');
  if ((mode & 0o077) !== 0) {
    throw new PrivateFileError(`${path} can be read or written by others`, `chmod ${privateMode} ${path}`);
  }
}
