import { ConfigurationError } from './errors.js';
import { parseUrl } from './secure-url.js';

// RFC 6749 §3.3: scope-token = 1*( %x21 / %x23-5B / %x5D-7E )
export function checkScope(scope: string): void {
  if (!/^[\x21\x23-\x5b\x5d-\x7e]+$/.test(scope)) {
    throw new ConfigurationError(
      `"scope" holds ${JSON.stringify(scope)}: only visible ASCII without " and \\ is allowed (RFC 6749 §3.3)`,
    );
  }
}

// RFC 8707 §2: an absolute URI without a fragment.
export function checkResource(resource: string): void {
  if (parseUrl(resource) === undefined || resource.includes('#')) {
    throw new ConfigurationError(
      `"resource" must be an absolute URI without a fragment (RFC 8707 §2), not ${JSON.stringify(resource)}; if this ` +
        'authorization server expects another value, set "parameters: { resource }" instead',
    );
  }
}

// The library sets these parameters, and no parameter may occur twice (RFC 6749 §3.2).
const reserved = new Set([
  'grant_type',
  'client_id',
  'client_secret',
  'client_assertion',
  'client_assertion_type',
  'scope',
  'authorization_details',
  'assertion',
  'subject_token',
  'subject_token_type',
  'actor_token',
  'actor_token_type',
  'requested_token_type',
]);

export const repeatedParameter = (name: string): ConfigurationError =>
  new ConfigurationError(
    `"${name}" and "parameters.${name}" must not be used together: a parameter may occur only once`,
  );

export function checkParameter(name: string, value: unknown): void {
  if (reserved.has(name)) {
    throw new ConfigurationError(
      `"parameters" must not hold "${name}": it has an option of its own or is set by the library`,
    );
  }
  if (typeof value !== 'string') {
    throw new ConfigurationError(`"parameters.${name}" must be a string`);
  }
}

const maxSubjectLength = 64 * 1024;

/** @throws {ConfigurationError} if a subject token or an assertion is longer than 64 KiB */
export function checkSubject(name: string, text: string): void {
  if (text.length <= maxSubjectLength) return;
  throw new ConfigurationError(`"${name}" of a token request must not be longer than 64 KiB`);
}
