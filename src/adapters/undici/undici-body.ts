import { isStream } from '../body.js';
import { type HeaderRecord, headerOf } from './headers.js';

/** Whether undici can read a body once only. */
export function isReadOnce(body: unknown): boolean {
  return isStream(body) || (typeof body === 'object' && body !== null && 'next' in body);
}

/** A body that can be read once, and perhaps what was read of it. */
export interface KeptBody {
  /** The body to send. */
  readonly body: unknown;
  /** All of it, once it was sent; `undefined` before that, and when it was not kept. */
  readonly again: () => Uint8Array | undefined;
}

/**
 * Keeps what is read of an asynchronous iterator whose `Content-Length` is at most 1 MiB: as such `fetch` of undici hands on
 * every body. Any other is left alone.
 */
export function keptBody(body: unknown, headers: HeaderRecord): KeptBody {
  const length = Number(headerOf(headers, 'content-length') ?? Infinity);
  if (!isAsyncIterator(body) || !(length <= mostKeptBytes)) return { body, again: () => undefined };

  const chunks: Uint8Array[] = [];
  let isComplete = false;
  async function* kept(source: AsyncIterable<Uint8Array>): AsyncGenerator<Uint8Array> {
    for await (const chunk of source) {
      chunks.push(chunk);
      yield chunk;
    }
    isComplete = true;
  }
  return { body: kept(body), again: () => (isComplete ? Buffer.concat(chunks) : undefined) };
}

const mostKeptBytes = 1_048_576;

// A stream of Node has manners of its own, for errors too, which undici knows.
const isAsyncIterator = (body: unknown): body is AsyncIterable<Uint8Array> =>
  typeof body === 'object' && body !== null && Symbol.asyncIterator in body && !('pipe' in body);
