import { type Check, nonEmptyString } from '../core/check-options.js';
import { cleanText } from '../core/clean-text.js';
import { ConfigurationError } from '../core/errors.js';
import { parseObject } from '../core/json.js';
import { unusable } from './identity-token.js';

/** Where a response has its token: it is the token, or a JSON object with the token in a member. */
export type TokenFormat = 'text' | { readonly member: string };

/** A check of a {@link TokenFormat}. */
export const anyFormat: Check = (value) =>
  value === 'text' || nonEmptyString((value as { member?: unknown } | null)?.member) === undefined
    ? undefined
    : '"text" or { member: "the name of a member" }';

/**
 * The token in a response.
 * @throws {ConfigurationError} if the response is JSON without such a member
 * @throws {GrantUnavailableError} if it is no JSON object
 */
export function tokenIn(body: string, name: string, format: TokenFormat): string {
  if (format === 'text') return body.trim();
  const { [format.member]: token } = membersOf(body, name);
  if (typeof token === 'string') return token;
  throw new ConfigurationError(
    `the response of ${name} has no string in the member "${cleanText(format.member)}": check "format"`,
  );
}

/**
 * The members of a JSON response.
 * @throws {GrantUnavailableError} if the body is no JSON object
 */
export function membersOf(body: string, name: string): Readonly<Record<string, unknown>> {
  const members = parseObject(body);
  if (members !== undefined) return members;
  const isHtml = body.trimStart().startsWith('<');
  throw unusable(
    name,
    `is missing: the response is ${isHtml ? 'HTML; a proxy or captive portal may respond' : 'no JSON object'}`,
  );
}
