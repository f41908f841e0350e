import { isStream } from './stream-body.js';
import { type HeaderRecord, headerOf } from './undici-headers.js';

/** The body of a request, which is sent once or twice. */
export interface UndiciBody {
  /** The body to send first. */
  readonly first: unknown;
  /** The body to send the next time, once the first was read; `undefined` when it cannot be read twice. */
  again(): { readonly body: unknown } | undefined;
}

/**
 * Prepares a body for being sent twice. A stream is not: but an asynchronous iterator with a short `Content-Length` is kept
 * while it is read, since `fetch` of undici hands on every body as one.
 */
export function undiciBody(body: unknown, headers: HeaderRecord): UndiciBody {
  if (!isReadOnce(body)) return { first: body, again: () => ({ body }) };
  const length = Number(headerOf(headers, 'content-length') ?? Infinity);
  if (!isAsyncIterator(body) || !(length <= mostKeptBytes)) return { first: body, again: () => undefined };

  const chunks: Uint8Array[] = [];
  let isRead = false;
  async function* kept(source: AsyncIterable<Uint8Array>): AsyncGenerator<Uint8Array> {
    for await (const chunk of source) {
      chunks.push(chunk);
      yield chunk;
    }
    isRead = true;
  }
  return { first: kept(body), again: () => (isRead ? { body: Buffer.concat(chunks) } : undefined) };
}

const mostKeptBytes = 1_048_576;

const isReadOnce = (body: unknown): boolean =>
  isStream(body) || (typeof body === 'object' && body !== null && 'next' in body);

// A stream of Node has manners of its own, for errors too, which undici knows.
const isAsyncIterator = (body: unknown): body is AsyncIterable<Uint8Array> =>
  typeof body === 'object' && body !== null && Symbol.asyncIterator in body && !('pipe' in body);
