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

type Surroundings = Pick<CommandContext, 'env' | 'clock'>;

/** Options of {@link withTokenCache}. */
export interface TokenCacheOptions {
  /** The authorization server, the client and its authentication. Runs with equal identities share tokens. No secret. */
  readonly identity: readonly (string | undefined)[];
  /** The token request of a call without one. */
  readonly defaults: TokenRequest;
}

/**
 * Keeps tokens for the next run: in files that only the user can read, encrypted with a key beside them, so that a copy of one
 * file is useless. Unlike `withSharedStore` it stores a token before it returns it, since the process ends then, and it fails
 * if the files cannot be used.
 */
export function withTokenCache({ identity, defaults }: TokenCacheOptions, { env, clock }: Surroundings): Layer {
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
      // A DPoP token is useless without its key, which ends with this run.
      if (token.type === 'Bearer') await store.set(key, toStored(token), token.remainingMs(clock));
      return token;
    },
  });
}

/**
 * Deletes a token from the cache, so that no later run gets it. Files that cannot be read do not keep it from that.
 * @throws the error of the first such file, after all others have been read
 */
export async function forgetToken(value: string, { env, clock }: Surroundings): Promise<void> {
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

/** Deletes an entry that cannot be decrypted or is from the future: another token could not replace it. */
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
async function openStore({ env, clock }: Surroundings): Promise<{ files: FileStore; store: TokenStore }> {
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
      advice: 'set XDG_CACHE_HOME to a folder of yours, or leave --cache out',
    });
  };

/** The first run creates the key; two first runs at the same time get the same one. A damaged key is replaced. */
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
