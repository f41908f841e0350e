import { PassThrough, pipeline, type Readable, type Transform } from 'node:stream';

/** The codings that {@link decodedBody} decodes, for `Accept-Encoding` (RFC 9110 §12.5.3). */
export const decodedCodings = 'gzip, deflate, br';

// Each coding costs a pass over the body.
const maxCodings = 5;

/**
 * The body of a response without its content codings (RFC 9110 §8.4). A body with an unknown coding is returned as it is.
 * Destroying the returned stream destroys the original one.
 */
export function decodedBody(body: Readable, contentEncoding: string | undefined): Readable {
  const codings = (contentEncoding ?? '')
    .toLowerCase()
    .split(',')
    .map((coding) => coding.trim())
    .filter(Boolean);
  const decoders = codings.toReversed().map(decoderOf);
  if (decoders.length === 0 || decoders.length > maxCodings || decoders.includes(undefined)) return body;
  // The last stream emits the error of each stream, so the callback has nothing to do.
  return pipeline([body, ...(decoders as Transform[])], () => undefined) as unknown as Readable;
}

function decoderOf(coding: string): Transform | undefined {
  // Loaded on demand: only mutual TLS needs it.
  const { createGunzip, createInflate, createBrotliDecompress } = process.getBuiltinModule('node:zlib');
  if (coding === 'gzip' || coding === 'x-gzip') return createGunzip();
  if (coding === 'br') return createBrotliDecompress();
  if (coding === 'deflate') return createInflate();
  return coding === 'identity' ? new PassThrough() : undefined;
}
