import { Readable } from 'node:stream';
import type { SecureContext } from 'node:tls';

import { ConfigurationError } from '../core/errors.js';

/**
 * A fetch that presents a client certificate: as much of one as a token request or `m2m call` needs, over a connection of its
 * own. The global fetch can be given a certificate only through a package that this one does not depend on.
 */
export function tlsFetch(secureContext: SecureContext): typeof globalThis.fetch {
  // Not on import: see mutual-tls.ts.
  const https = process.getBuiltinModule('node:https');
  return (input, init = {}) =>
    new Promise((resolve, reject) => {
      const url = new URL(input instanceof Request ? input.url : input);
      if (url.protocol !== 'https:') {
        throw new ConfigurationError(
          `${url.origin} is asked by http; a client certificate can be presented by https only`,
        );
      }
      const { method = 'GET', headers, body, signal } = init;
      const request = https.request(url, {
        method,
        headers: Object.fromEntries(new Headers(headers)),
        agent: new https.Agent({ secureContext }),
        ...(signal && { signal }),
      });
      request.once('response', (reply) => {
        // A Response is made of the statuses from 200 to 599 only, and without a body for some of them.
        const { statusCode: status = 0, statusMessage: statusText = '', rawHeaders } = reply;
        const isEmpty = [204, 205, 304].includes(status);
        const fields = new Headers();
        for (let at = 0; at < rawHeaders.length; at += 2) fields.append(rawHeaders[at] ?? '', rawHeaders[at + 1] ?? '');
        const content = isEmpty ? null : (Readable.toWeb(reply) as ReadableStream);
        try {
          resolve(new Response(content, { status, statusText, headers: fields }));
        } catch (error) {
          reply.destroy();
          reject(error);
        }
      });
      // Remains: a connection that breaks later on is an error of the body, too.
      request.on('error', reject);
      request.end(
        body === undefined || body === null || body instanceof Uint8Array
          ? body
          : String(body as URLSearchParams | string),
      );
    });
}
