import { hash } from 'node:crypto';

import { abortable } from '../core/abort.js';
import type { AccessToken } from '../core/access-token.js';
import { type Check, objectWith } from '../core/check-options.js';
import { unreadable } from '../authentication/secret.js';
import { GrantUnavailableError } from '../core/errors.js';
import { claimsOf } from '../core/jwt-claims.js';
import type { TokenSource } from '../core/token-source.js';

/**
 * Where the token comes from that a grant is based on: a function such as `fromFile(path)` or a source of
 * `m2m-tokens/identity`, or another token source. It is asked for each grant. `replacing` is the token that the
 * authorization server has rejected.
 */
export type AssertionSource =
  | ((options?: {
      readonly replacing?: string | undefined;
      readonly signal?: AbortSignal | undefined;
    }) => string | Promise<string>)
  | TokenSource;

/** Options of {@link AssertionReader.read}. */
export interface ReadAssertionOptions {
  readonly signal: AbortSignal | undefined;
  /** The token that the authorization server has rejected. */
  readonly replacing?: string | undefined;
}

/** Reads the current token of a source. */
export type AssertionReader = (options: ReadAssertionOptions) => Promise<string>;

const maxLength = 64 * 1024;
const anyTokenSource = objectWith('getToken');

/** A function or a token source. */
export const anyAssertionSource: Check = (value) =>
  typeof value === 'function' || anyTokenSource(value) === undefined ? undefined : 'a function or a token source';

/**
 * Makes the reader of a source; `what` names its token in messages. Its errors are those of the source, as `cause`: the
 * `Retry-After` of another server does not count as one of the authorization server.
 */
export function assertionReader(source: AssertionSource, what: string): AssertionReader {
  let last: AccessToken | undefined;

  async function ask({ replacing, signal }: ReadAssertionOptions): Promise<unknown> {
    if (typeof source === 'function') return source({ replacing, signal });
    const replaced = last?.value === replacing ? last : undefined;
    last = await source.getToken(undefined, { signal, replacing: replaced });
    return last.value;
  }

  return async (options) => {
    const asked = ask(options).catch((cause: unknown) => {
      options.signal?.throwIfAborted();
      throw unreadable(what, cause);
    });
    const text: unknown = await abortable(asked, options.signal);
    if (typeof text !== 'string' || text.trim() === '') {
      throw new GrantUnavailableError(
        `${what} is ${text === '' ? 'empty' : 'no text'}; check the function that returns it`,
      );
    }
    if (text.length > maxLength) throw new GrantUnavailableError(`${what} is longer than 64 KiB`);
    return text.trim();
  };
}

/**
 * The issuer and subject of a JWT, or a digest of another token. Rotated tokens of the same subject have the same
 * result (RFC 7519 §4.1).
 */
export function subjectOf(token: string): string {
  const { iss, sub, act } = claimsOf(token) ?? {};
  const isNamed = typeof iss === 'string' && typeof sub === 'string';
  return hash('sha256', isNamed ? JSON.stringify([iss, sub, act]) : token, 'base64url');
}
