import { hash } from 'node:crypto';
import { readFile } from 'node:fs/promises';

import { stringOrFunction } from '../core/check-options.js';
import { ConfigurationError, GrantUnavailableError } from '../core/errors.js';

/** A secret, or a function that returns it. The function is called for each grant, so that the secret can be rotated. */
export type Secret = string | (() => string | Promise<string>);

/** A secret from a file that is read for each grant. One newline at its end is removed. */
export function secretFile(path: string): () => Promise<string> {
  return async () => (await readFile(path, 'utf8')).replace(/\r?\n$/, '');
}

/** A private key or a certificate, in PEM or as a JWK, from a file that is read for each grant. */
export function keyFile(path: string): () => Promise<string> {
  return () => readFile(path, 'utf8');
}

/** @throws {ConfigurationError} if the secret of `owner` (or `what` it is) is neither a non-empty string nor a function */
export function checkSecret(owner: string, secret: unknown, what = 'secret'): void {
  const expected = stringOrFunction(secret);
  if (expected !== undefined) throw new ConfigurationError(`the ${what} of ${owner} must be ${expected}`);
}

/** A digest that changes with the secret and reveals nothing about it. Unreadable secrets share one. */
export async function fingerprintOf(secret: Secret): Promise<string> {
  if (typeof secret === 'string') return '';
  return hash('sha256', await resolveSecret(secret).catch(() => ''), 'base64url');
}

/**
 * Reads the current secret. `what` names it in messages.
 * @throws {GrantUnavailableError} if its function throws or returns no text
 */
export async function resolveSecret(secret: Secret, what = 'the client secret'): Promise<string> {
  const value = await readSource(secret, what);
  if (typeof value !== 'string' || value === '') {
    throw new GrantUnavailableError(`${what} is empty; check the file or function that it comes from`);
  }
  return value;
}

/**
 * Calls the source if it is a function, and returns it otherwise.
 * @throws {GrantUnavailableError} if the function throws
 */
export async function readSource<T>(source: T | (() => T | Promise<T>), what: string): Promise<T> {
  if (typeof source !== 'function') return source;
  try {
    return await (source as () => T | Promise<T>)();
  } catch (cause) {
    throw new GrantUnavailableError(`${what} could not be read; "cause" says why`, { cause });
  }
}

/** A hint for error messages: why a correct secret may be rejected. */
export function whitespaceHint(secret: string): string | undefined {
  return secret.trim() === secret
    ? undefined
    : 'the secret begins or ends with white space: check the file or function that it comes from';
}
