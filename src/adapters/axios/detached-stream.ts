import { IncomingMessage } from 'node:http';
import type { Readable } from 'node:stream';

/**
 * A stream with the content and the members of a response stream, but without a reference to it. The response stream
 * references its request, socket and agent, and through them the tokens of all requests in flight. `redact` is called
 * with each error before the caller gets it.
 */
export function detachedStream(source: Readable, redact: (error: object) => void): IncomingMessage {
  const stream = new IncomingMessage(undefined as never);
  const message = source as Partial<IncomingMessage>;
  const copy = (names: readonly (keyof IncomingMessage)[]): void => {
    for (const name of names) if (name in message) Object.assign(stream, { [name]: message[name] });
  };

  copy(members);
  stream._read = () => void source.resume();
  stream._destroy = (error, callback) => {
    source.destroy(error ?? undefined);
    IncomingMessage.prototype._destroy.call(stream, error, callback);
  };
  stream.setTimeout = (ms, callback) => {
    message.setTimeout?.(ms);
    return callback ? stream.on('timeout', callback) : stream;
  };
  source.on('timeout', () => stream.emit('timeout'));
  // The source stays paused until its copy is read.
  source.pause().on('data', (chunk) => void (stream.push(chunk) || source.pause()));
  source.on('end', () => {
    copy(membersAtEnd);
    stream.complete = true;
    stream.push(null);
  });
  source.on('error', (error) => {
    redact(error);
    stream.destroy(error);
  });
  source.on('close', () => void (source.readableEnded || stream.destroy()));
  return stream;
}

const members = [
  ...(['statusCode', 'statusMessage', 'headers', 'headersDistinct', 'rawHeaders'] as const),
  ...(['httpVersion', 'httpVersionMajor', 'httpVersionMinor'] as const),
  // Set by follow-redirects.
  ...(['responseUrl', 'redirects'] as never[]),
];
const membersAtEnd = ['trailers', 'trailersDistinct', 'rawTrailers'] as const;
