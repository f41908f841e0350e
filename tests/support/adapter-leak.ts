import { inspect } from 'node:util';

import { pino } from 'pino';

/**
 * Finds a text that matches `secret` in a value or in its printed forms: `util.inspect` at any depth, `JSON.stringify`
 * and pino's serializer for errors. Returns the path of the text or the name of the form; `undefined` if there is none.
 */
export function leakIn(value: unknown, secret: RegExp): string | undefined {
  // The search comes first: a value that leads to a socket, as a leak often does, is too large to be printed.
  const path = search(value, secret);
  if (path !== undefined) return path;

  const asError = pino.stdSerializers.err(value as Error);
  const isIn = (text: string): boolean => secret.test(text);
  if (isIn(inspect(value, { depth: Infinity, showHidden: true }))) return 'util.inspect';
  if (isIn(String(value))) return 'String';
  if (isIn(json(value))) return 'JSON.stringify';
  return isIn(json(asError)) || search(asError, secret) !== undefined ? 'pino.stdSerializers.err' : undefined;
}

/** The path of the first matching text in the members of a value, at any depth; getters are not called. */
function search(root: unknown, secret: RegExp): string | undefined {
  const seen = new Set<unknown>();
  const rest: [path: string, value: unknown][] = [['it', root]];

  // The loop appends to the array that it iterates over.
  for (const [path, value] of rest) {
    if (typeof value === 'string' && secret.test(value)) return path;
    if ((typeof value !== 'object' && typeof value !== 'function') || value === null || seen.has(value)) continue;
    seen.add(value);
    if (ArrayBuffer.isView(value)) continue;

    for (const [key, { value: member }] of descriptors(value)) {
      if (typeof key === 'string' && secret.test(key)) return `${path} has the key ${key}`;
      rest.push([`${path}.${String(key)}`, member as unknown]);
    }
    if (value instanceof Map) rest.push([`${path}.entries`, [...value.entries()]]);
    if (value instanceof Set) rest.push([`${path}.values`, [...value.values()]]);
  }
  return undefined;
}

const descriptors = (value: object): [string | symbol, PropertyDescriptor][] =>
  Reflect.ownKeys(value).map((key) => [key, Reflect.getOwnPropertyDescriptor(value, key) ?? {}]);

// Leaves out an object that occurred before: JSON.stringify throws for a circular structure.
function json(value: unknown): string {
  const seen = new WeakSet<object>();
  const text: string | undefined = JSON.stringify(value, (_key, member: unknown) => {
    if (typeof member === 'bigint') return String(member);
    if (typeof member !== 'object' || member === null) return member;
    if (seen.has(member)) return undefined;
    seen.add(member);
    return member;
  });
  return text ?? '';
}
