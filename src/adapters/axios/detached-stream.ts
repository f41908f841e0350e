import { IncomingMessage } from 'node:http';
import type { Readable } from 'node:stream';

/**
 * A stream that has the content and the members of a response stream, and does not lead to it: that one leads to its request,
 * its socket and its agent, and so to the tokens of all requests in flight. `redact` gets each error before the caller does.
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
  // The source does not flow before its copy is read.
  source.pause().on('data', (chunk) => void (stream.push(chunk) || source.pause()));
  source.on('end', () => {
    copy(membersAfterwards);
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
  // Of follow-redirects.
  ...(['responseUrl', 'redirects'] as never[]),
];
const membersAfterwards = ['trailers', 'trailersDistinct', 'rawTrailers'] as const;
