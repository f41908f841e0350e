import { closestMatch } from 'leven';

import { ConfigurationError } from './errors.js';

/** Checks one option. Returns a description of the expected value, or `undefined` if the value is valid. */
export type Check = (value: unknown) => string | undefined;

/**
 * Checks that `options` holds only known names with valid values.
 * @throws {ConfigurationError} whose message names the option, and for an unknown one also the nearest known name
 */
export function checkOptions(owner: string, options: unknown, checks: Readonly<Record<string, Check>>): void {
  checkIsOptions(owner, options);
  for (const [name, value] of Object.entries(options)) {
    const check = Object.hasOwn(checks, name) ? checks[name] : undefined;
    if (check === undefined) {
      throw new ConfigurationError(`${owner} has no option "${name}"${suggestion(name, Object.keys(checks))}`);
    }
    if (value !== undefined) checkArgument(owner, name, value, check);
  }
}

/**
 * Checks that `options` is an object. A promise or a Map is rejected, because it would count as an object without
 * options.
 * @throws {ConfigurationError}
 */
export function checkIsOptions(owner: string, options: unknown): asserts options is object {
  if (isObject(options) && !('then' in options) && !(Symbol.iterator in options)) return;
  throw new ConfigurationError(`${owner} needs an object of options${awaitFirst(options)}`);
}

/**
 * Checks an argument or an option that is required.
 * @throws {ConfigurationError} whose message names it and does not repeat the value
 */
export function checkArgument(owner: string, name: string, value: unknown, check: Check): void {
  const expected = check(value);
  if (expected === undefined) return;
  const hint = value === null || value === undefined ? `, not ${value}` : awaitFirst(value);
  throw new ConfigurationError(`"${name}" of ${owner} must be ${expected}${hint}`);
}

const awaitFirst = (value: unknown): string =>
  typeof (value as { then?: unknown } | null | undefined)?.then === 'function' ? '; await the promise first' : '';

const isObject = (value: unknown): value is object =>
  typeof value === 'object' && value !== null && !Array.isArray(value);

const expect =
  (expected: string, holds: (value: unknown) => boolean): Check =>
  (value) =>
    holds(value) ? undefined : expected;

export const anyFunction = expect('a function', (value) => typeof value === 'function');
export const anyBoolean = expect('a boolean', (value) => typeof value === 'boolean');
export const anyObject = expect('an object', isObject);
export const nonEmptyString = expect('a non-empty string', (value) => typeof value === 'string' && value !== '');
export const anyList = expect('a list', Array.isArray);
const isListOfStrings = (value: unknown): boolean =>
  Array.isArray(value) && value.every((member) => typeof member === 'string');
export const listOfStrings = expect('a list of strings', isListOfStrings);
export const stringOrStrings = expect(
  'a string or a list of strings',
  (value) => typeof value === 'string' || isListOfStrings(value),
);
export const stringOrFunction = expect(
  'a non-empty string or a function',
  (value) => typeof value === 'function' || (typeof value === 'string' && value !== ''),
);
export const functionOrObject = expect(
  'a function or an object',
  (value) => typeof value === 'function' || isObject(value),
);
export const positiveInteger = expect(
  'a positive whole number',
  (value) => Number.isSafeInteger(value) && (value as number) > 0,
);

/** An object or a function with these methods. */
export const objectWith = (...methods: readonly string[]): Check =>
  expect(
    `an object with the ${methods.length > 1 ? 'methods' : 'method'} ${methods.join(', ')}`,
    (value) =>
      (isObject(value) || typeof value === 'function') &&
      methods.every((method) => typeof (value as Record<string, unknown>)[method] === 'function'),
  );

export const anyClock = objectWith('now', 'monotonic', 'sleep');

export const wholeNumber = expect(
  'a whole number of at least 0',
  (value) => Number.isSafeInteger(value) && (value as number) >= 0,
);

export const numberOfAtLeastZero = expect('a number of at least 0', (value) => typeof value === 'number' && value >= 0);

/** A number of milliseconds that a timer can wait for. */
export const durationMs = expect(
  'a number of milliseconds from 1 to 2147483647',
  (value) => typeof value === 'number' && value >= 1 && value <= 2 ** 31 - 1,
);

/** A number above `least` and up to `most`. */
export const numberIn = (least: number, most: number): Check =>
  expect(
    `a number above ${least} and up to ${most}`,
    (value) => typeof value === 'number' && value > least && value <= most,
  );

/** One of the given values. */
export const oneOf = (...values: readonly string[]): Check =>
  expect(values.map((value) => `"${value}"`).join(' or '), (value) => values.includes(value as string));

function suggestion(name: string, known: readonly string[]): string {
  const nearest =
    closestMatch(name, known, { maxDistance: 2 }) ??
    known.find((option) => wordsOf(option).some((word) => wordsOf(name).includes(word))) ??
    closestMatch(name, known, { maxDistance: Math.max(3, Math.ceil(name.length * 0.7)) });
  return nearest === undefined ? `; its options are ${known.join(', ')}` : `; did you mean "${nearest}"?`;
}

const wordsOf = (name: string): string[] => name.split(/(?=[A-Z])/).map((word) => word.toLowerCase());
