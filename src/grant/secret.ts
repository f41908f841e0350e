import { createHash } from 'node:crypto';
import { readFile } from 'node:fs/promises';

import { GrantUnavailableError } from '../errors.js';

/** A secret, or a function that returns it; the function is called for each grant, so that a rotated secret is picked up. */
export type Secret = string | (() => string | Promise<string>);

/** A secret from a file, read for each grant. One newline at its end does not count. */
export function secretFile(path: string): () => Promise<string> {
  return async () => (await readFile(path, 'utf8')).replace(/\r?\n$/, '');
}

/** Something that changes when the secret does and tells nothing of it; the same for all that cannot be read. */
export async function fingerprintOf(secret: Secret): Promise<string> {
  if (typeof secret === 'string') return '';
  const value = await resolveSecret(secret).catch(() => '');
  return createHash('sha256').update(value).digest('base64url');
}

/**
 * The secret as it is now.
 * @throws {GrantUnavailableError} when its function throws or returns nothing
 */
export async function resolveSecret(secret: Secret): Promise<string> {
  const value = await readSecret(secret);
  if (typeof value !== 'string' || value === '') {
    throw new GrantUnavailableError('the client secret is empty; check the file or function that it comes from');
  }
  return value;
}

async function readSecret(secret: Secret): Promise<string> {
  if (typeof secret === 'string') return secret;
  try {
    return await secret();
  } catch (cause) {
    throw new GrantUnavailableError('the client secret could not be read; "cause" says why', { cause });
  }
}
