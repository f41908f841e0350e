import { Console } from 'node:console';
import { Writable } from 'node:stream';
import { inspect } from 'node:util';

import { pino } from 'pino';

/** A text that a program wrote. */
export interface Artefact {
  /** The value whose output this is. */
  readonly origin: string;
  /** The way in which it was written. */
  readonly channel: string;
  readonly text: string;
}

/** Writes a value to each channel. Returns one artefact for each. */
export function artefactsOf(origin: string, value: unknown): Artefact[] {
  return Object.entries(channels).map(([channel, write]) => ({ origin, channel, text: write(value) }));
}

const everything = { depth: Infinity, showHidden: true, maxArrayLength: 1_000, breakLength: Infinity } as const;

/** The common ways to print a value. If one throws, the text contains the error. */
export const channels: Readonly<Record<string, (value: unknown) => string>> = {
  'util.inspect': (value) => inspect(value, everything),
  // The channel `members` covers deeper values.
  'util.inspect without its customs': (value) => inspect(value, { ...everything, customInspect: false, depth: 6 }),
  'JSON.stringify': json,
  String: (value) => orFailure(() => String(value)),
  stack: (value) => stacksOf(value).join('\n'),
  members: (value) => membersOf(value).join('\n'),
  structuredClone: (value) => orFailure(() => inspect(structuredClone(value), everything)),
  pino: (value) =>
    inMemory((stream) => {
      const logger = pino({ level: 'trace' }, stream);
      logger.trace(value as object, 'it');
      logger.error({ err: value, value }, '%s %j', value as object, value as object);
    }),
  'console.error': (value) =>
    inMemory((stream) => {
      const console = new Console({ stdout: stream, stderr: stream });
      console.error(value);
      console.error('%s %O %j', value, value, value);
    }),
};

/** The output to a stream during the call. */
function inMemory(write: (stream: Writable) => void): string {
  const chunks: string[] = [];
  const stream = new Writable({
    write(chunk: Buffer, _encoding, done) {
      chunks.push(chunk.toString('utf8'));
      done();
    },
  });
  const failure = orFailure(() => {
    write(stream);
    return '';
  });
  return failure + chunks.join('');
}

function orFailure(write: () => string): string {
  try {
    return write();
  } catch (error) {
    return `could not be written: ${inspect(error)}`;
  }
}

function stacksOf(value: unknown, depth = 0): string[] {
  if (typeof value !== 'object' || value === null || depth === 10) return [];
  const { stack, cause } = value as { readonly stack?: unknown; readonly cause?: unknown };
  return [String(stack), ...stacksOf(cause, depth + 1)];
}

/** All texts in the members of a value, at any depth; getters are not called. */
function membersOf(root: unknown): string[] {
  const texts: string[] = [];
  const seen = new Set<unknown>();
  const rest: unknown[] = [root];
  while (rest.length > 0) {
    const value = rest.pop();
    if (typeof value === 'string') texts.push(value);
    if ((typeof value !== 'object' && typeof value !== 'function') || value === null || seen.has(value)) continue;
    seen.add(value);
    if (ArrayBuffer.isView(value)) {
      // If the memory of a view was transferred, its length is 0.
      if (value.byteLength > 0)
        texts.push(Buffer.from(value.buffer, value.byteOffset, value.byteLength).toString('latin1'));
      continue;
    }
    for (const key of Reflect.ownKeys(value)) {
      // Getters of functions in sloppy mode, for which the engine searches the stack.
      if (typeof value === 'function' && (key === 'caller' || key === 'arguments')) continue;
      texts.push(String(key));
      rest.push(Reflect.getOwnPropertyDescriptor(value, key)?.value);
    }
    if (value instanceof Map) rest.push(...value.keys(), ...value.values());
    if (value instanceof Set) rest.push(...value.values());
  }
  return texts;
}

// Leaves out an object that occurred before: JSON.stringify throws for a circular structure.
function json(value: unknown): string {
  const seen = new WeakSet<object>();
  return orFailure(
    () =>
      JSON.stringify(value, (_key, member: unknown) => {
        if (typeof member === 'bigint') return String(member);
        if (typeof member !== 'object' || member === null) return member;
        if (seen.has(member)) return undefined;
        seen.add(member);
        return member;
      }) ?? 'undefined',
  );
}
