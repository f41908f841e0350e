import { parseObject } from '../../core/json.js';
import type { BoundedResponse } from '../http/bounded-fetch.js';
import { readable, withoutSecrets } from './redaction.js';

/** The members of an error response (RFC 6749 §5.2), redacted. A member that is absent or malformed is `undefined`. */
export interface ErrorResponse {
  readonly error: string | undefined;
  readonly errorDescription: string | undefined;
}

/** Reads an error response of any content type, because many servers do not send `application/json`. */
export function readErrorResponse({ body }: BoundedResponse, secrets: readonly string[] = []): ErrorResponse {
  const { error, error_description: description, access_token: token } = parseObject(body) ?? {};
  const redacted = typeof token === 'string' ? [...secrets, token] : secrets;
  return {
    error: isErrorCode(error) ? redactedCode(error, redacted) : undefined,
    errorDescription: typeof description === 'string' ? readable(description, redacted) || undefined : undefined,
  };
}

/** Whether a value is an error code of OAuth (RFC 6749 §5.2): %x20-21 / %x23-5B / %x5D-7E, at most 100 characters. */
export function isErrorCode(value: unknown): value is string {
  return typeof value === 'string' && /^[\x20\x21\x23-\x5b\x5d-\x7e]{1,100}$/.test(value);
}

/**
 * Whether the same request may succeed later. The error code takes precedence over the status, because some servers
 * reject requests with a 500 and report outages with a 400.
 */
export function isTransient(status: number, error: string | undefined): boolean {
  if (error !== undefined && transientCodes.has(error)) return true;
  return isTransientStatus(status) && !(status >= 500 && error !== undefined && finalCodes.has(error));
}

/**
 * Whether the reason for this error response may be the credentials. Servers report a wrong or badly encoded secret
 * with several codes, or without a code.
 */
export function concernsClient(status: number, error: string | undefined): boolean {
  if (error !== undefined && finalCodes.has(error)) return clientCodes.has(error);
  return status >= 400 && status < 500 && status !== 407;
}

/** Whether a status suggests that the URL is not a token endpoint. */
export function isOfAnotherEndpoint(status: number): boolean {
  return status === 404 || status === 405 || status === 410;
}

/** Whether a status means that the server cannot handle the request now. */
export function isTransientStatus(status: number): boolean {
  return status >= 500 || status === 408 || status === 425 || status === 429;
}

/** Whether an error code is one of OAuth or one of its extensions, for the token endpoint. */
export const isRegisteredErrorCode = (error: string): boolean => finalCodes.has(error) || transientCodes.has(error);

// Registered error codes are never redacted, even if one contains the secret.
function redactedCode(error: string, secrets: readonly string[]): string {
  return isRegisteredErrorCode(error) ? error : withoutSecrets(error, secrets);
}

const transientCodes = new Set(['server_error', 'temporarily_unavailable']);
const finalCodes = new Set([
  'invalid_request',
  'invalid_client',
  'invalid_grant',
  'unauthorized_client',
  'unsupported_grant_type',
  'invalid_scope',
  'invalid_target',
  'access_denied',
  'invalid_dpop_proof',
  'use_dpop_nonce',
]);
const clientCodes = new Set(['invalid_client', 'unauthorized_client', 'access_denied', 'invalid_request']);
