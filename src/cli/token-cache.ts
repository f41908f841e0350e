import { createCipheriv, createDecipheriv, hash, randomBytes, randomUUID } from 'node:crypto';
import { link, lstat, mkdir, readdir, rename, rm, unlink, writeFile } from 'node:fs/promises';
import { join } from 'node:path';

import { AccessToken } from '../core/access-token.js';
import type { Clock } from '../core/clock.js';
import { requestKey, type TokenRequest } from '../core/token-request.js';
import { isUsable, type Layer } from '../core/token-source.js';
import { mandatoryMs } from '../layers/renewal-schedule.js';
import type { CommandContext } from './context.js';
import { CommandError } from './io/command-error.js';
import { cacheFolder, readPrivateFile } from './io/private-files.js';

/** Options of {@link withTokenFiles}. */
export interface TokenFilesOptions {
  /** Whose tokens these are: authorization server, client id, client authentication. No secret. */
  readonly identity: readonly (string | undefined)[];
  /** What is asked for when a call does not say. */
  readonly defaults: TokenRequest;
  readonly env: CommandContext['env'];
  readonly clock: Clock;
}

/**
 * Keeps tokens across runs, a file for each in the user's cache folder. They are encrypted with a key beside them, so that a
 * copy of one file tells nothing; what protects them is that others can read neither. A file that is damaged is as good as
 * none; one that others can read is refused.
 */
export function withTokenFiles({ identity, defaults, env, clock }: TokenFilesOptions): Layer {
  const folder = cacheFolder(env);

  return (inner) => ({
    async getToken(request, options = {}) {
      const asked = JSON.stringify([...identity.map(String), requestKey({ ...defaults, ...request })]);
      const name = hash('sha256', asked, 'base64url');
      const path = join(folder, `${name}${ending}`);
      const key = await encryptionKey(folder);

      const kept = decrypt(await readPrivateFile(path), key, name);
      if (kept !== undefined) {
        const minValidityMs = Math.max(options.minValidityMs ?? 0, mandatoryMs(kept.expiresAt - kept.issuedAt));
        const isFromFuture = kept.issuedAt - clock.now() > 60_000;
        if (!isFromFuture && isUsable(kept, { ...options, minValidityMs }, clock)) return kept;
      }
      const token = await inner.getToken(request, options);
      // One that is bound to a key is of no use without the key.
      if (token.type === 'Bearer') await replaceFile(path, encrypt(token, key, name));
      return token;
    },
  });
}

/** Deletes whatever is kept of a token, so that no run gets it any more. */
export async function forgetToken(value: string, env: CommandContext['env']): Promise<void> {
  const folder = cacheFolder(env);
  const names = await readdir(folder).catch(() => []);
  const kept = names.filter((name) => name.endsWith(ending));
  if (kept.length === 0) return;
  const key = await encryptionKey(folder);
  for (const file of kept) {
    const path = join(folder, file);
    const token = decrypt(await readPrivateFile(path), key, file.slice(0, -ending.length));
    if (token?.value === value) await rm(path, { force: true });
  }
}

const ending = '.token';

/** The key that is kept beside the tokens; the first run makes it. */
async function encryptionKey(folder: string): Promise<Buffer> {
  await mkdir(folder, { recursive: true, mode: 0o700 }).catch(notWritable(folder));
  const { mode } = await lstat(folder);
  if (process.platform !== 'win32' && (mode & 0o022) !== 0) {
    throw new CommandError(`${folder} can be written by others`, { advice: `chmod 700 ${folder}` });
  }
  const path = join(folder, 'key');
  const kept = await readPrivateFile(path);
  if (kept !== undefined) return Buffer.from(kept, 'base64url');

  const temporary = `${path}.${randomUUID()}`;
  const secret = randomBytes(32).toString('base64url');
  await writeFile(temporary, secret, { mode: 0o600, flag: 'wx' }).catch(notWritable(folder));
  // Of two that make one at the same time, the first one's is the key of both; a link never replaces a file.
  await link(temporary, path).catch((error: NodeJS.ErrnoException) => {
    if (error.code !== 'EEXIST') throw error;
  });
  await unlink(temporary);
  return encryptionKey(folder);
}

/** Replaces a file as a whole: who reads it meanwhile gets the old text or the new one. */
async function replaceFile(path: string, text: string): Promise<void> {
  const temporary = `${path}.${randomUUID()}`;
  await writeFile(temporary, text, { mode: 0o600, flag: 'wx' }).catch(notWritable(temporary));
  await rename(temporary, path);
}

const notWritable =
  (path: string) =>
  ({ code }: NodeJS.ErrnoException): never => {
    throw new CommandError(`${path} cannot be written (${code})`, {
      advice: 'set XDG_CACHE_HOME to a folder of yours, or leave --cache out',
    });
  };

const cipher = 'aes-256-gcm';

// The name is bound in: the file of one token is none under the name of another.
function encrypt({ value, scope, issuedAt, expiresAt }: AccessToken, key: Buffer, name: string): string {
  const nonce = randomBytes(12);
  const encrypting = createCipheriv(cipher, key, nonce).setAAD(Buffer.from(name));
  const text = JSON.stringify({ value, scope, issuedAt, expiresAt });
  const encrypted = Buffer.concat([encrypting.update(text, 'utf8'), encrypting.final()]);
  return Buffer.concat([nonce, encrypting.getAuthTag(), encrypted]).toString('base64url');
}

function decrypt(text: string | undefined, key: Buffer, name: string): AccessToken | undefined {
  if (text === undefined) return undefined;
  try {
    const bytes = Buffer.from(text, 'base64url');
    const decrypting = createDecipheriv(cipher, key, bytes.subarray(0, 12), { authTagLength: 16 })
      .setAAD(Buffer.from(name))
      .setAuthTag(bytes.subarray(12, 28));
    const json = Buffer.concat([decrypting.update(bytes.subarray(28)), decrypting.final()]).toString('utf8');
    return new AccessToken(JSON.parse(json) as ConstructorParameters<typeof AccessToken>[0]);
  } catch {
    // Cut off, damaged, or of another key.
    return undefined;
  }
}
