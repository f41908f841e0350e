/** The `code` of a {@link TokenError}: the contract for programs. */
export type TokenErrorCode =
  'ERR_CONFIGURATION' | 'ERR_GRANT_REJECTED' | 'ERR_GRANT_UNAVAILABLE' | 'ERR_TOKEN_RESPONSE';

/** Options of every {@link TokenError}. */
export interface TokenErrorOptions {
  /** `error.cause` keeps only its name, message and code: the original may hold a request, a response or a secret. */
  readonly cause?: unknown;
  readonly retryAfterMs?: number | undefined;
}

/** The reason why there is no token. The message, the fields and the cause hold no secret. */
export abstract class TokenError extends Error {
  /** A literal, which a minifier does not change. */
  abstract override readonly name: string;
  abstract readonly code: TokenErrorCode;
  /** Whether the same call may succeed later without a change. */
  abstract readonly retryable: boolean;
  /** Milliseconds after which another call makes sense; `undefined` if unknown. */
  readonly retryAfterMs: number | undefined;

  constructor(message: string, { cause, retryAfterMs }: TokenErrorOptions = {}) {
    super(message, cause === undefined ? undefined : { cause: withoutDetails(cause) });
    this.retryAfterMs = retryAfterMs;
  }
}

/** An option is missing, misspelt, contradicts another, or does not fit the authorization server. */
export class ConfigurationError extends TokenError {
  override readonly name = 'ConfigurationError';
  readonly code = 'ERR_CONFIGURATION';
  readonly retryable = false;
}

/** The authorization server rejected the grant (RFC 6749 §5.2). It will reject it again until something is changed. */
export class GrantRejectedError extends TokenError {
  override readonly name = 'GrantRejectedError';
  readonly code = 'ERR_GRANT_REJECTED';
  readonly retryable = false;
  /** HTTP status of the error response. */
  readonly status: number;
  /** The `error` code of the error response, for example `invalid_client`; `undefined` if there is none. */
  readonly error: string | undefined;
  /** The `error_description` of the error response, cleaned and cut; `undefined` if there is none. */
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

/** The authorization server could not be reached or cannot answer now: network error, timeout, 408, 425, 429, 5xx. */
export class GrantUnavailableError extends TokenError {
  override readonly name = 'GrantUnavailableError';
  readonly code = 'ERR_GRANT_UNAVAILABLE';
  /** `false` for an untrusted certificate of either side and for a proxy that requires credentials; otherwise `true`. */
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

/** The authorization server answered with a success status, but not with a token response (RFC 6749 §5.1). */
export class InvalidTokenResponseError extends TokenError {
  override readonly name = 'InvalidTokenResponseError';
  readonly code = 'ERR_TOKEN_RESPONSE';
  readonly retryable = true;
}

/** Every error of this library: `switch (error.code)` narrows it. */
export type AnyTokenError = ConfigurationError | GrantRejectedError | GrantUnavailableError | InvalidTokenResponseError;

/**
 * Whether a value is a {@link TokenError}. It also recognises an error of another copy of this package, such as the CommonJS
 * copy beside the ES modules, for which `instanceof` is false.
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
export function withRetryAfter<Same extends TokenError>(error: Same, retryAfterMs: number): Same {
  const Same = error.constructor as new (message: string, options: object) => Same;
  return new Same(error.message, Object.assign({}, error, { cause: error.cause, retryAfterMs }));
}

/** What can be read from a thrown value, which need not be an Error of this realm. */
interface Cause {
  readonly name?: unknown;
  readonly message?: unknown;
  readonly code?: unknown;
}

/** An error and its chain of causes, up to ten. */
export function causesOf(error: unknown): readonly Cause[] {
  const causes: Cause[] = [];
  for (
    let cause = error;
    typeof cause === 'object' && cause !== null && causes.length < 10;
    cause = 'cause' in cause ? cause.cause : undefined
  ) {
    causes.push(cause);
  }
  return causes;
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

// Not `instanceof Error`: an error may come from another realm, a Jest VM for one.
function toErrorLike(value: unknown): { name: string; message: string; code?: string; cause?: unknown } {
  if (typeof value !== 'object' || value === null) return { name: 'Error', message: 'unknown cause' };
  const { name, message, code, cause } = value as Record<string, unknown>;
  return {
    name: typeof name === 'string' ? name : 'Error',
    message: typeof message === 'string' ? message : 'unknown cause',
    ...(typeof code === 'string' && { code }),
    ...(cause !== undefined && { cause }),
  };
}
