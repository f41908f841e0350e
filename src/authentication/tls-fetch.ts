import { Readable } from 'node:stream';
import type { SecureContext } from 'node:tls';

import { ConfigurationError } from '../core/errors.js';
import { decodedBody, decodedCodings } from './decoded-body.js';

/**
 * A `fetch` that presents a client certificate. It supports the options that token requests and `m2m call` need, and
 * opens a connection for each request. The global `fetch` takes a certificate only through undici, which is an optional
 * dependency.
 */
export function tlsFetch(secureContext: SecureContext): typeof globalThis.fetch {
  // Loaded on demand: only mutual TLS needs it.
  const https = process.getBuiltinModule('node:https');
  return (input, init = {}) =>
    new Promise((resolve, reject) => {
      const url = new URL(input instanceof Request ? input.url : input);
      if (url.protocol !== 'https:') {
        throw new ConfigurationError(`a client certificate cannot be presented to ${url.origin}: it requires https`);
      }
      const { method = 'GET', headers, body, signal } = init;
      const request = https.request(url, {
        method,
        headers: { 'accept-encoding': decodedCodings, ...Object.fromEntries(new Headers(headers)) },
        agent: new https.Agent({ secureContext }),
        ...(signal && { signal }),
      });
      request.once('response', (incoming) => {
        // The constructor of Response accepts only statuses from 200 to 599, and for some of them no body.
        const { statusCode: status = 0, statusMessage: statusText = '', rawHeaders } = incoming;
        const isEmpty = method === 'HEAD' || [204, 205, 304].includes(status);
        const fields = new Headers();
        for (let at = 0; at < rawHeaders.length; at += 2) fields.append(rawHeaders[at] ?? '', rawHeaders[at + 1] ?? '');
        const decoded = () => decodedBody(incoming, incoming.headers['content-encoding']);
        const content = isEmpty ? null : (Readable.toWeb(decoded()) as ReadableStream);
        try {
          resolve(new Response(content, { status, statusText, headers: fields }));
        } catch (error) {
          incoming.destroy();
          reject(error);
        }
      });
      // Use `on`: a connection that breaks after the response also emits an error.
      request.on('error', reject);
      request.end(
        body === undefined || body === null || body instanceof Uint8Array
          ? body
          : String(body as URLSearchParams | string),
      );
    });
}
