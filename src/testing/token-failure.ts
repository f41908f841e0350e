import { oneOf, type Check } from '../core/check-options.js';
import {
  type AnyTokenError,
  ConfigurationError,
  GrantRejectedError,
  GrantUnavailableError,
  InvalidTokenResponseError,
  isTokenError,
  type TokenErrorCode,
} from '../core/errors.js';

/** An error of this library, or the code of one, for which the fake makes the error. */
export type TokenFailure = TokenErrorCode | AnyTokenError;

const note = 'the fake token service was told to fail';

const errors: Readonly<Record<TokenErrorCode, () => AnyTokenError>> = {
  ERR_CONFIGURATION: () => new ConfigurationError(note),
  ERR_GRANT_REJECTED: () => new GrantRejectedError(note, { status: 401, error: 'invalid_client' }),
  ERR_GRANT_UNAVAILABLE: () => new GrantUnavailableError(note, { status: 503 }),
  ERR_TOKEN_RESPONSE: () => new InvalidTokenResponseError(note),
};

/** The error of a failure: a given error as it is, a new one for a code. */
export const errorOf = (failure: TokenFailure): AnyTokenError =>
  typeof failure === 'string' ? errors[failure]() : failure;

/** A check of a {@link TokenFailure}: the real token service rejects with no other error. */
export const anyTokenFailure: Check = (value) =>
  isTokenError(value) || oneOf(...Object.keys(errors))(value) === undefined
    ? undefined
    : `an error of this library or one of its codes: ${Object.keys(errors).join(', ')}`;
