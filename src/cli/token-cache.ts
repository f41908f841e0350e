import { hash, randomBytes } from 'node:crypto';
import { existsSync } from 'node:fs';
import { rm } from 'node:fs/promises';
import { join } from 'node:path';

import { AccessToken } from '../core/access-token.js';
import type { Clock } from '../core/clock.js';
import { parseObject } from '../core/json.js';
import { requestKey, type TokenRequest } from '../core/token-request.js';
import { isUsable, type Layer } from '../core/token-source.js';
import { mandatoryMs } from '../layers/renewal-schedule.js';
import { encryptedStore } from '../stores/encrypted.js';
import { type FileStore, fileStore } from '../stores/file.js';
import { createPrivateFile, makePrivateFolder, readPrivateFile } from '../stores/private-files.js';
import type { StoredToken, TokenStore } from '../stores/token-store.js';
import type { CommandContext } from './context.js';
import { CommandError } from './io/command-error.js';
import { cacheFolder } from './io/user-folders.js';

type CacheContext = Pick<CommandContext, 'env' | 'clock'>;

/** Options of {@link withTokenCache}. */
export interface TokenCacheOptions {
  /** The server, the client and its authentication, without secrets. Runs with equal identities share tokens. */
  readonly identity: readonly (string | undefined)[];
  /** Defaults for the members of a token request. */
  readonly defaults: TokenRequest;
}

/**
 * Caches tokens for later runs, in files that only the user can read. The tokens are encrypted with a key from another
 * file of the folder, so that a copy of one file is useless. Unlike `withSharedStore`, this layer stores a token before
 * it returns it, because the process ends afterwards. It rejects if the files cannot be used.
 */
export function withTokenCache({ identity, defaults }: TokenCacheOptions, { env, clock }: CacheContext): Layer {
  return (inner) => ({
    async getToken(request, options = {}) {
      const { store } = await openStore({ env, clock });
      const key = hash('sha256', JSON.stringify([identity, requestKey({ ...defaults, ...request })]), 'base64url');

      const cached = await readToken(store, key, clock);
      if (cached !== undefined) {
        const minValidityMs = Math.max(options.minValidityMs ?? 0, mandatoryMs(cached.expiresAt - cached.issuedAt));
        if (isUsable(cached, { ...options, minValidityMs }, clock)) return cached;
      }
      const token = await inner.getToken(request, options);
      // A DPoP token is useless without its DPoP key, which exists only during this run.
      if (token.type === 'Bearer') await store.set(key, toStored(token), token.remainingMs(clock));
      return token;
    },
  });
}

/**
 * Deletes a token from the cache, so that no later run gets it. Skips files that cannot be read.
 * @throws the error of the first skipped file, after the other files have been read
 */
export async function forgetToken(value: string, { env, clock }: CacheContext): Promise<void> {
  if (!hasCache(env)) return;
  const { store, files } = await openStore({ env, clock });
  const failures: unknown[] = [];
  for (const key of await files.keys()) {
    try {
      const token = await readToken(store, key, clock);
      if (token?.value === value) await store.delete(key, toStored(token));
    } catch (error) {
      failures.push(error);
    }
  }
  if (failures.length > 0) throw failures[0];
}

// A user without a home folder has no cache.
function hasCache(env: CommandContext['env']): boolean {
  try {
    return existsSync(cacheFolder(env));
  } catch {
    return false;
  }
}

function toStored({ value, scope, issuedAt, expiresAt }: AccessToken): StoredToken {
  return { version: 1, issuedAt, expiresAt, payload: JSON.stringify({ value, scope }) };
}

/**
 * Returns a cached token. Deletes an entry that cannot be decrypted or whose time of issue is in the future; otherwise
 * the store would keep it instead of a new token.
 */
async function readToken(store: TokenStore, key: string, clock: Clock): Promise<AccessToken | undefined> {
  const stored = await store.get(key);
  if (stored === undefined) return undefined;
  const { payload, issuedAt, expiresAt } = stored;
  const fields = parseObject(payload) as Pick<AccessToken, 'value' | 'scope'> | undefined;
  if (typeof fields?.value === 'string' && issuedAt - clock.now() <= 60_000)
    return new AccessToken({ ...fields, issuedAt, expiresAt });
  await store.delete(key, stored);
  return undefined;
}

/** Fails before the grant if the folder cannot be used. */
async function openStore({ env, clock }: CacheContext): Promise<{ files: FileStore; store: TokenStore }> {
  const folder = cacheFolder(env);
  const files = fileStore(folder, { clock });
  const key = await encryptionKey(folder).catch(notWritable(folder));
  const store = encryptedStore(files, { keys: [key] });
  return { files, store: { ...store, set: (...entry) => store.set(...entry).catch(notWritable(folder)) } };
}

const notWritable =
  (folder: string) =>
  (error: NodeJS.ErrnoException): never => {
    if (error.syscall === undefined) throw error;
    throw new CommandError(`the token cache ${folder} cannot be written (${error.code})`, {
      advice: 'set XDG_CACHE_HOME to a writable folder, or leave --cache out',
    });
  };

/**
 * Returns the key of the folder. The first run creates it; concurrent first runs get the same key. Replaces a malformed
 * key.
 */
async function encryptionKey(folder: string): Promise<Buffer> {
  await makePrivateFolder(folder);
  const path = join(folder, 'key');
  const text = (await readPrivateFile(path))?.toString('latin1');
  const key = Buffer.from(text ?? '', 'base64url');
  if (key.length === 32 && key.toString('base64url') === text) return key;
  if (text !== undefined) await rm(path, { force: true });
  await createPrivateFile(path, randomBytes(32).toString('base64url'));
  return encryptionKey(folder);
}
