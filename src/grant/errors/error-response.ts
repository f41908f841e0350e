import { isErrorCode, parseObject } from '../../core/json.js';
import type { Reply } from '../http/bounded-fetch.js';
import { readable, withoutSecrets } from './redaction.js';

/** What an error response says (RFC 6749 §5.2), cleaned; `undefined` for what it does not say, or not as OAuth has it. */
export interface Refusal {
  readonly error: string | undefined;
  readonly errorDescription: string | undefined;
}

/** Reads an error response, whatever its content type: one that can be read helps more than one that is well-formed. */
export function readRefusal({ body }: Reply, secrets: readonly string[] = []): Refusal {
  const { error, error_description: description, access_token: token } = parseObject(body) ?? {};
  const unspeakable = typeof token === 'string' ? [...secrets, token] : secrets;
  return {
    error: isErrorCode(error) ? speakable(error, unspeakable) : undefined,
    errorDescription: typeof description === 'string' ? readable(description, unspeakable) || undefined : undefined,
  };
}

/** Whether the same request may succeed later, by the status of the reply and its code. */
export function isTransient(status: number, error: string | undefined): boolean {
  if (error !== undefined && outages.has(error)) return true;
  return isOutage(status) && !(status >= 500 && error !== undefined && refusals.has(error));
}

/** Whether a status says nothing about the request, but that the server cannot deal with it now. */
export function isOutage(status: number): boolean {
  return status >= 500 || status === 408 || status === 425 || status === 429;
}

// A registered code is no secret, even if the secret is a part of it.
function speakable(error: string, secrets: readonly string[]): string {
  return refusals.has(error) || outages.has(error) ? error : withoutSecrets(error, secrets);
}

// The code says more than the status: servers answer refusals with a 500 and outages with a 400.
const outages = new Set(['server_error', 'temporarily_unavailable']);
const refusals = new Set([
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
