import { randomUUID } from 'node:crypto';
import { readdir, rm } from 'node:fs/promises';
import { join } from 'node:path';

import { type Clock, systemClock } from '../core/clock.js';
import { parseObject } from '../core/json.js';
import { createPrivateFile, makePrivateFolder, readPrivateFile, replacePrivateFile } from './private-files.js';
import type { StoredToken, TokenStore } from './token-store.js';

/** Options of {@link fileStore}. */
export interface FileStoreOptions {
  readonly clock?: Clock | undefined;
}

/** A token store that can list its keys. */
export interface FileStore extends TokenStore {
  keys(): Promise<readonly string[]>;
}

/**
 * A token store in a folder of this machine: one file for each token, which only its owner can read. Each method throws
 * if other users can use the folder or the file. The calls of one process run one after another. If two processes write
 * the same key at the same time, the older token may remain, or both may take an expired lease. Either costs one grant.
 */
export function fileStore(folder: string, { clock = systemClock }: FileStoreOptions = {}): FileStore {
  let last: Promise<unknown> = Promise.resolve();
  const inTurn = <T>(work: () => Promise<T>): Promise<T> => {
    const turn = last.then(() => makePrivateFolder(folder)).then(work);
    // The next call runs even if this one fails; the caller of this one gets the error.
    last = turn.catch(() => undefined);
    return turn;
  };

  // Hexadecimal names are valid on every platform and can be decoded to the key.
  const pathOf = (key: string, ending: string): string => join(folder, Buffer.from(key).toString('hex') + ending);
  const content = (value: object, ms: number): string => JSON.stringify({ ...value, until: clock.now() + ms });

  /** The content of a file; `undefined` if it does not exist, has expired, or is damaged. */
  async function read(path: string): Promise<Readonly<Record<string, unknown>> | undefined> {
    const value = parseObject((await readPrivateFile(path))?.toString('utf8') ?? '');
    return Number(value?.['until']) > clock.now() ? value : undefined;
  }

  async function readToken(key: string): Promise<StoredToken | undefined> {
    const { version, issuedAt, expiresAt, payload } = ((await read(pathOf(key, '.token'))) ??
      {}) as Partial<StoredToken>;
    return typeof payload === 'string' ? ({ version, issuedAt, expiresAt, payload } as StoredToken) : undefined;
  }

  return {
    get: (key) => inTurn(() => readToken(key)),

    set: (key, token, ttlMs) =>
      inTurn(async () => {
        const current = await readToken(key);
        if (current && (current.version - token.version || current.issuedAt - token.issuedAt) > 0) return;
        await replacePrivateFile(pathOf(key, '.token'), content(token, ttlMs));
      }),

    delete: (key, { version, issuedAt }) =>
      inTurn(async () => {
        const current = await readToken(key);
        if (current?.version === version && current.issuedAt === issuedAt) await rm(pathOf(key, '.token'));
      }),

    lease: (key, ms) =>
      inTurn(async () => {
        const path = pathOf(key, '.lease');
        const holder = randomUUID();
        const take = () => createPrivateFile(path, content({ holder }, ms));
        let isTaken = await take();
        if (!isTaken && (await read(path)) === undefined) {
          await rm(path, { force: true });
          isTaken = await take();
        }
        if (!isTaken) return undefined;
        const ifHeld = (work: () => Promise<void>): Promise<void> =>
          inTurn(async () => ((await read(path))?.['holder'] === holder ? work() : undefined));
        return {
          extend: (extensionMs) => ifHeld(() => replacePrivateFile(path, content({ holder }, extensionMs))),
          release: () => ifHeld(() => rm(path, { force: true })),
        };
      }),

    keys: () =>
      inTurn(async () => {
        // Other programs may have left files here.
        const names = (await readdir(folder)).flatMap((name) => /^((?:[0-9a-f]{2})+)\.token$/.exec(name)?.[1] ?? []);
        return names.map((name) => Buffer.from(name, 'hex').toString());
      }),
  };
}
