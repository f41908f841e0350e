import { ConfigurationError } from '../core/errors.js';

/** @throws {ConfigurationError} unless exactly one of these options of `createTokenService` is given */
export function exactlyOne(options: object, ...names: readonly string[]): void {
  const given = names.filter((name) => Reflect.get(options, name) !== undefined);
  const either = names
    .map((name) => `"${name}"`)
    .join(', ')
    .replace(/, ("\w+")$/, ' or $1');
  if (given.length > 1) {
    const both = names.length === 2 ? 'both' : `${given.map((name) => `"${name}"`).join(' and ')} together`;
    throw new ConfigurationError(`createTokenService takes either ${either}, not ${both}`);
  }
  if (given.length === 0)
    throw new ConfigurationError(`createTokenService needs ${either}${undefinedAmong(options, names)}`);
}

// The option may come from an unset variable, which the source code does not show.
function undefinedAmong(options: object, names: readonly string[]): string {
  const present = names.filter((name) => Object.hasOwn(options, name));
  return present.length === 0 ? '' : `, and ${present.map((name) => `"${name}"`).join(' and ')} is undefined`;
}
