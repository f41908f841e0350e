import { hash } from 'node:crypto';

import { controlCharacter, describeBlank } from '../core/blanks.js';
import { checkArgument, nonEmptyString, stringOrFunction } from '../core/check-options.js';
import { cleanText } from '../core/clean-text.js';
import { readCredentialFile } from '../core/credential-file.js';
import { ConfigurationError, GrantUnavailableError, isTokenError } from '../core/errors.js';

/** A secret, and when it expires. */
export interface ExpiringSecret {
  readonly value: string;
  /**
   * Milliseconds since the epoch, for events, metrics and `stats()`. The library sends the secret until the function
   * returns another one.
   * @default undefined, for unknown
   */
  readonly expiresAt?: number | undefined;
}

/**
 * A secret, or a function that returns it, alone or with the time when it expires: `() => ({ value, expiresAt })`. The
 * function is called for each grant, so that the secret can be rotated.
 */
export type Secret = string | (() => string | ExpiringSecret | Promise<string | ExpiringSecret>);

/** A function that reads a credential from a file. */
interface CredentialFile {
  (): Promise<string>;
  /** The path of the file, for messages. */
  readonly path: string;
}

/**
 * Reads a secret, a key, a certificate or an assertion from a file in UTF-8. The library reads the file for each grant, so that a
 * changed file needs no restart. One line break at the end is removed.
 * @throws {ConfigurationError} if the path is not a string, or is empty
 * @example
 * ```ts
 * import { createTokenService, fromFile } from 'm2m-tokens';
 *
 * const tokens = createTokenService({
 *   issuer: 'https://auth.example.com',
 *   clientId: 'orders-service',
 *   clientSecret: fromFile('/run/secrets/client'),
 * });
 * ```
 */
export function fromFile(path: string): () => Promise<string> {
  checkArgument('fromFile', 'path', path, nonEmptyString);
  const read = async (): Promise<string> => (await readCredentialFile(path)).replace(/\r?\n$/, '');
  return Object.assign(read, { path } satisfies Pick<CredentialFile, 'path'>);
}

/** @throws {ConfigurationError} if the secret is neither a non-empty string nor a function; `what` names it */
export function checkSecret(owner: string, secret: unknown, what = 'secret'): void {
  const expected = stringOrFunction(secret);
  if (expected !== undefined) throw new ConfigurationError(`the ${what} of ${owner} must be ${expected}`);
}

/** A digest that changes with the secret and reveals nothing about it. All unreadable secrets have the same digest. */
export async function fingerprintOf(secret: Secret): Promise<string> {
  if (typeof secret === 'string') return '';
  const { value } = await resolveSecret(secret).catch(() => ({ value: '' }));
  return hash('sha256', value, 'base64url');
}

/**
 * Reads the current client secret.
 * @throws {GrantUnavailableError} if its function throws, or does not return a non-empty string or an object with one
 */
export async function resolveSecret(secret: Secret): Promise<ExpiringSecret> {
  const what = 'the client secret';
  const given = await readSource<string | ExpiringSecret>(secret, what);
  if (typeof given !== 'object' || given === null) return { value: nonEmpty(given, what) };
  const { value, expiresAt } = given;
  if (typeof value !== 'string') {
    throw new GrantUnavailableError(
      `${what} is malformed: its function must return a string, or an object with "value"`,
    );
  }
  if (expiresAt !== undefined && !isEpochMs(expiresAt)) {
    throw new GrantUnavailableError(`"expiresAt" of ${what} must be a number of milliseconds since the epoch`);
  }
  return { value: nonEmpty(value, what), expiresAt };
}

/**
 * Reads the current certificate, key or assertion. `what` names it in messages.
 * @throws {GrantUnavailableError} if its function throws, or does not return a non-empty string
 */
export async function resolveText(source: string | (() => string | Promise<string>), what: string): Promise<string> {
  return nonEmpty(await readSource(source, what), what);
}

function nonEmpty(value: unknown, what: string): string {
  if (typeof value === 'string' && value !== '') return value;
  throw new GrantUnavailableError(`${what} is empty; check the file or function that it comes from`);
}

// A number of seconds would be a time before 1973.
const isEpochMs = (value: unknown): boolean => Number.isFinite(value) && (value as number) >= 1e11;

/**
 * Calls the source if it is a function, and returns it otherwise.
 * @throws {ConfigurationError} if the function throws one, such as a source of identity tokens
 * @throws {GrantUnavailableError} if the function throws anything else. The `Retry-After` of another server, which is in
 *   `cause`, does not count as one of the authorization server.
 */
export async function readSource<T>(source: T | (() => T | Promise<T>), what: string): Promise<T> {
  if (typeof source !== 'function') return source;
  try {
    return await (source as () => T | Promise<T>)();
  } catch (cause) {
    throw unreadable(what, cause);
  }
}

/** The error for a source that has thrown `cause`. */
export function unreadable(what: string, cause: unknown): Error {
  if (!isTokenError(cause)) return new GrantUnavailableError(`${what} could not be read; see "cause"`, { cause });
  if (cause.code === 'ERR_CONFIGURATION') return cause;
  return new GrantUnavailableError(`${what} could not be read: ${cause.message}; see "cause"`, {
    cause,
    retryable: cause.retryable,
  });
}

/** A hint for error messages, if a secret has unexpected white space or control characters; `what` names the secret. */
export function whitespaceHint(secret: string, source: Secret, what = 'the secret'): string | undefined {
  const isAtEnd = secret.trim() !== secret;
  const blank = isAtEnd || controlCharacter.test(secret) ? describeBlank(secret) : undefined;
  if (blank === undefined) return undefined;
  const flaw = isAtEnd ? `begins or ends with white space: it ${blank}` : blank;
  return `${what} ${flaw}; check ${sourceOf(source)}`;
}

/** Whether the source is `fromFile(path)`. */
export const isFile = (source: Secret): boolean => typeof source === 'function' && 'path' in source;

function sourceOf(source: Secret): string {
  if (typeof source === 'string') return 'where it comes from';
  const { path } = source as Partial<CredentialFile>;
  return path === undefined ? 'the function that it comes from' : `the file ${cleanText(path)}`;
}
