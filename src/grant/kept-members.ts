import type { TokenMembers } from '../core/access-token.js';
import { type AuthorizationDetail, isListOfDetails } from '../core/authorization-details.js';
import { ConfigurationError, InvalidTokenResponseError } from '../core/errors.js';
import { parseObject } from '../core/json.js';

const maxLength = 4 * 1024;
// The first is the token itself. The others are secrets that the client credentials grant does not use.
const forbidden = new Set(['access_token', 'refresh_token', 'id_token']);

/** @throws {ConfigurationError} if `keepMembers` names a secret */
export function checkKeepMembers(names: readonly string[]): void {
  const name = names.find((each) => forbidden.has(each));
  if (name !== undefined) throw new ConfigurationError(`"keepMembers" must not name "${name}": it is a secret`);
}

/**
 * The members of a token response that `keepMembers` names, if they are strings or numbers.
 * @throws {InvalidTokenResponseError} if they are longer than 4 KiB
 */
export function keptMembers(body: string, names: readonly string[], authorizationServer: string): TokenMembers {
  const all = parseObject(body) ?? {};
  const members = Object.fromEntries(
    names.flatMap((name) => {
      const value = Object.hasOwn(all, name) ? all[name] : undefined;
      return typeof value === 'string' || Number.isFinite(value) ? [[name, value as string | number]] : [];
    }),
  );
  if (JSON.stringify(members).length <= maxLength) return members;
  throw new InvalidTokenResponseError(
    `${authorizationServer} sent a token response in which the members of "keepMembers" are longer than 4 KiB; name fewer members`,
  );
}

/** The granted authorization details of a token response (RFC 9396 §7); `undefined` if it has none. */
export function detailsIn(body: string): readonly AuthorizationDetail[] | undefined {
  const details = parseObject(body)?.['authorization_details'];
  return isListOfDetails(details) ? details : undefined;
}
