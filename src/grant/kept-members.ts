import type { TokenMembers } from '../core/access-token.js';
import { ConfigurationError, InvalidTokenResponseError } from '../core/errors.js';
import { parseObject } from '../core/json.js';

const maxLength = 4 * 1024;
// The library reads the first of these itself. The others are secrets that this grant has no use for.
const refused = new Set(['access_token', 'refresh_token', 'id_token']);

/** @throws {ConfigurationError} if `keepMembers` names a member that is not kept */
export function checkKeepMembers(names: readonly string[]): void {
  const name = names.find((each) => refused.has(each));
  if (name !== undefined) throw new ConfigurationError(`"keepMembers" must not name "${name}": it is a secret`);
}

/**
 * The members of a token response that the user wants to keep, as far as they are strings or numbers.
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
    `${authorizationServer} answered the grant with a token response whose members that "keepMembers" names are longer than ` +
      '4 KiB; name fewer',
  );
}
