import { ConfigurationError } from './errors.js';

/** One permission in detail. Its further members depend on the type (RFC 9396 §2). */
export interface AuthorizationDetail {
  readonly type: string;
  readonly [member: string]: unknown;
}

/**
 * A frozen copy whose members are sorted, so that equal details have equal JSON.
 * @throws {ConfigurationError} if the details are not a list of JSON objects, each with a `type`
 */
export function canonicalDetails(details: unknown): readonly AuthorizationDetail[] {
  const copy = isListOfDetails(details) ? jsonCopy(details) : undefined;
  if (isListOfDetails(copy)) return copy;
  throw new ConfigurationError(
    '"authorizationDetails" of a token request must be a list of JSON objects, each with a "type" (RFC 9396 §2)',
  );
}

/** Whether a value is a list of authorization details, as in a token response (RFC 9396 §7). */
export const isListOfDetails = (value: unknown): value is readonly AuthorizationDetail[] =>
  Array.isArray(value) &&
  value.every((detail) => {
    const type = (detail as Partial<AuthorizationDetail> | null | undefined)?.type;
    return typeof type === 'string' && type !== '';
  });

// JSON.stringify throws an error for a cycle and a BigInt.
function jsonCopy(value: unknown): unknown {
  try {
    return JSON.parse(JSON.stringify(value), (_name, member: unknown) => sorted(member));
  } catch {
    return undefined;
  }
}

function sorted(value: unknown): unknown {
  if (typeof value !== 'object' || value === null) return value;
  if (Array.isArray(value)) return Object.freeze(value);
  return Object.freeze(Object.fromEntries(Object.entries(value).toSorted(([a], [b]) => (a < b ? -1 : 1))));
}
