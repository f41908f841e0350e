import { type Cause, toErrorLike } from './error-causes.js';

/** The `code` of a {@link TokenError}: stable, for use in programs. */
export type TokenErrorCode =
  'ERR_CONFIGURATION' | 'ERR_GRANT_REJECTED' | 'ERR_GRANT_UNAVAILABLE' | 'ERR_TOKEN_RESPONSE';

/** Options of every {@link TokenError}. */
export interface TokenErrorOptions {
  /** `error.cause` keeps only its name, message and code: the original may hold a request, a response or a secret. */
  readonly cause?: unknown;
  /** Milliseconds to wait before another call. @default undefined, for unknown */
  readonly retryAfterMs?: number | undefined;
}

/**
 * The base class of all errors of this library. The message, the fields and the cause hold no secret.
 * @example
 * ```ts
 * import { TokenError } from 'm2m-tokens';
 *
 * const isTransient = (error: unknown) => error instanceof TokenError && error.retryable;
 * ```
 */
export abstract class TokenError extends Error {
  /** A literal, which a minifier does not change. */
  abstract override readonly name: string;
  /** The kind of error, as a stable code. */
  abstract readonly code: TokenErrorCode;
  /** Whether the same call may succeed later without a change. */
  abstract readonly retryable: boolean;
  /** Whole milliseconds to wait before another call; `undefined` if unknown. */
  readonly retryAfterMs: number | undefined;

  constructor(message: string, { cause, retryAfterMs }: TokenErrorOptions = {}) {
    super(message, cause === undefined ? undefined : { cause: withoutDetails(cause) });
    this.retryAfterMs = retryAfterMs === undefined ? undefined : Math.ceil(retryAfterMs);
  }
}

/**
 * An option is missing, unknown or malformed, contradicts another, or does not fit the authorization server.
 * @example
 * ```ts
 * import { ConfigurationError } from 'm2m-tokens';
 *
 * const isSettingWrong = (error: unknown) => error instanceof ConfigurationError;
 * ```
 */
export class ConfigurationError extends TokenError {
  override readonly name = 'ConfigurationError';
  readonly code = 'ERR_CONFIGURATION';
  readonly retryable = false;
}

/**
 * The authorization server rejected the grant. Each attempt fails until the client or the server is reconfigured.
 * @see [RFC 6749 §5.2](https://www.rfc-editor.org/rfc/rfc6749#section-5.2)
 * @example
 * ```ts
 * import { GrantRejectedError } from 'm2m-tokens';
 *
 * const isSecretWrong = (error: unknown) => error instanceof GrantRejectedError && error.error === 'invalid_client';
 * ```
 */
export class GrantRejectedError extends TokenError {
  override readonly name = 'GrantRejectedError';
  readonly code = 'ERR_GRANT_REJECTED';
  readonly retryable = false;
  /** HTTP status of the error response. */
  readonly status: number;
  /** The `error` code of the error response, for example `invalid_client`; `undefined` if there is none. */
  readonly error: string | undefined;
  /** The `error_description` of the error response, cleaned and truncated; `undefined` if there is none. */
  readonly errorDescription: string | undefined;

  constructor(
    message: string,
    options: TokenErrorOptions & {
      readonly status: number;
      readonly error?: string | undefined;
      readonly errorDescription?: string | undefined;
    },
  ) {
    super(message, options);
    this.status = options.status;
    this.error = options.error;
    this.errorDescription = options.errorDescription;
  }
}

/**
 * The authorization server could not be reached, or cannot grant a token now: network error, timeout, 408, 425, 429 or
 * 5xx. Also: a credential could not be read, or a remote signer did not sign; then nothing was sent.
 * @example
 * ```ts
 * import { GrantUnavailableError } from 'm2m-tokens';
 *
 * const waitMs = (error: unknown) => (error instanceof GrantUnavailableError ? error.retryAfterMs : undefined);
 * ```
 */
export class GrantUnavailableError extends TokenError {
  override readonly name = 'GrantUnavailableError';
  readonly code = 'ERR_GRANT_UNAVAILABLE';
  /** `false` for an untrusted certificate, a proxy that requires credentials, or an invalid signature of a remote signer. */
  readonly retryable: boolean;
  /** HTTP status of the response; `undefined` if there was none. */
  readonly status: number | undefined;

  constructor(
    message: string,
    options: TokenErrorOptions & { readonly status?: number | undefined; readonly retryable?: boolean } = {},
  ) {
    super(message, options);
    this.retryable = options.retryable ?? true;
    this.status = options.status;
  }
}

/**
 * The authorization server responded with a success status, but the response is not a valid token response.
 * @see [RFC 6749 §5.1](https://www.rfc-editor.org/rfc/rfc6749#section-5.1)
 * @example
 * ```ts
 * import { InvalidTokenResponseError } from 'm2m-tokens';
 *
 * const isProxyPage = (error: unknown) => error instanceof InvalidTokenResponseError;
 * ```
 */
export class InvalidTokenResponseError extends TokenError {
  override readonly name = 'InvalidTokenResponseError';
  readonly code = 'ERR_TOKEN_RESPONSE';
  readonly retryable = true;
}

/** Every error of this library: `switch (error.code)` narrows it. */
export type AnyTokenError = ConfigurationError | GrantRejectedError | GrantUnavailableError | InvalidTokenResponseError;

/**
 * Whether a value is a {@link TokenError}. It also recognises an error of another copy of this package, such as the
 * CommonJS copy beside the ES modules, for which `instanceof` is false.
 * @example
 * ```ts
 * import { isTokenError, tokenServiceFromEnvironment } from 'm2m-tokens';
 *
 * try {
 *   await tokenServiceFromEnvironment().ready();
 * } catch (error) {
 *   if (isTokenError(error)) console.error(error.code, error.message);
 * }
 * ```
 */
export function isTokenError(error: unknown): error is AnyTokenError {
  if (typeof error !== 'object' || error === null) return false;
  const { name, code } = error as Cause;
  return typeof code === 'string' && code === codes[name as AnyTokenError['name']];
}

const codes: { readonly [Name in AnyTokenError['name']]: Extract<AnyTokenError, { name: Name }>['code'] } = {
  ConfigurationError: 'ERR_CONFIGURATION',
  GrantRejectedError: 'ERR_GRANT_REJECTED',
  GrantUnavailableError: 'ERR_GRANT_UNAVAILABLE',
  InvalidTokenResponseError: 'ERR_TOKEN_RESPONSE',
};

/** A copy of an error with another `retryAfterMs`. */
export function withRetryAfter<E extends TokenError>(error: E, retryAfterMs: number): E {
  const ErrorClass = error.constructor as new (message: string, options: object) => E;
  return new ErrorClass(error.message, Object.assign({}, error, { cause: error.cause, retryAfterMs }));
}

function withoutDetails(cause: unknown, depth = 0): Error {
  if (isTokenError(cause)) return cause;
  const { name, message, code, cause: inner } = toErrorLike(cause);
  const isLast = inner === undefined || depth === 9;
  const kept = new Error(message, isLast ? undefined : { cause: withoutDetails(inner, depth + 1) });
  kept.name = name;
  kept.stack = `${name}: ${message}`;
  return code === undefined ? kept : Object.assign(kept, { code });
}
