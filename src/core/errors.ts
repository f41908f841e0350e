/** What went wrong, for programs: the contract of every {@link TokenError}. */
export type TokenErrorCode =
  'ERR_CONFIGURATION' | 'ERR_GRANT_REJECTED' | 'ERR_GRANT_UNAVAILABLE' | 'ERR_TOKEN_RESPONSE';

/** What every {@link TokenError} can be given. */
export interface TokenErrorOptions {
  /** Kept as `error.cause` by its name, message and code only: the original may hold a request, a reply or a secret. */
  readonly cause?: unknown;
  readonly retryAfterMs?: number | undefined;
}

/** There is no token, and this says why. Nothing secret is in the message, the fields or the cause. */
export abstract class TokenError extends Error {
  abstract readonly code: TokenErrorCode;
  /** Whether the same request may succeed later although nothing is changed. */
  abstract readonly retryable: boolean;
  /** How long to wait before asking again makes sense, in milliseconds; `undefined` when nothing is known. */
  readonly retryAfterMs: number | undefined;

  constructor(message: string, { cause, retryAfterMs }: TokenErrorOptions = {}) {
    super(message, cause === undefined ? undefined : { cause: withoutDetails(cause) });
    this.name = new.target.name;
    this.retryAfterMs = retryAfterMs;
  }

  /** The same error for the next one who asks, and who has this long to wait. */
  withRetryAfter(retryAfterMs: number): this {
    const Same = this.constructor as new (message: string, options: object) => this;
    return new Same(this.message, Object.assign({}, this, { cause: this.cause, retryAfterMs }));
  }
}

/** An option is missing, misspelt, contradicts another, or does not fit the authorization server. */
export class ConfigurationError extends TokenError {
  readonly code = 'ERR_CONFIGURATION';
  readonly retryable = false;
}

/** The facts of a {@link GrantRejectedError}. */
export interface GrantRejection extends TokenErrorOptions {
  readonly status: number;
  readonly error?: string | undefined;
  readonly errorDescription?: string | undefined;
}

/** The authorization server refused the grant (RFC 6749 §5.2). Asking again without a change will be refused again. */
export class GrantRejectedError extends TokenError {
  readonly code = 'ERR_GRANT_REJECTED';
  readonly retryable = false;
  /** HTTP status of the refusal. */
  readonly status: number;
  /** The `error` code of the authorization server, `invalid_client` for one; `undefined` when it sent none. */
  readonly error: string | undefined;
  /** The `error_description` of the authorization server, cleaned and cut; `undefined` when it sent none. */
  readonly errorDescription: string | undefined;

  constructor(message: string, { status, error, errorDescription, ...options }: GrantRejection) {
    super(message, options);
    this.status = status;
    this.error = error;
    this.errorDescription = errorDescription;
  }
}

/** The facts of a {@link GrantUnavailableError}. */
export interface GrantUnavailability extends TokenErrorOptions {
  readonly status?: number | undefined;
  /** @default true */
  readonly retryable?: boolean;
}

/** The authorization server could not be asked or did not answer: network, timeout, 408, 425, 429, 5xx. */
export class GrantUnavailableError extends TokenError {
  readonly code = 'ERR_GRANT_UNAVAILABLE';
  /** `true`, but for a certificate that is not trusted, of either side, and a proxy that asks for credentials. */
  readonly retryable: boolean;
  /** HTTP status of the answer; `undefined` when there was none. */
  readonly status: number | undefined;

  constructor(message: string, { status, retryable = true, ...options }: GrantUnavailability = {}) {
    super(message, options);
    this.retryable = retryable;
    this.status = status;
  }
}

/** The authorization server answered with success, but not with a token response (RFC 6749 §5.1). */
export class InvalidTokenResponseError extends TokenError {
  readonly code = 'ERR_TOKEN_RESPONSE';
  readonly retryable = true;
}

/** What may be read off something that was thrown; it need not be an Error of this realm. */
interface Cause {
  readonly name?: unknown;
  readonly message?: unknown;
  readonly code?: unknown;
}

/** An error, its cause, the cause of that, and so on: up to ten. */
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
  if (cause instanceof TokenError) return cause;
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
