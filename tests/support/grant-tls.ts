import { request as requestPlain, type RequestListener } from 'node:http';
import { createServer, request as requestTls, type ServerOptions } from 'node:https';
import type { AddressInfo } from 'node:net';
import { Readable } from 'node:stream';

import { cleanUp } from './clean-up.js';
import { localhostCertificate } from './grant-certificate.js';

/** Starts an https server with a self-signed certificate for `localhost`; returns its port. */
export async function listenTls(listener: RequestListener, options: ServerOptions = {}): Promise<number> {
  const server = createServer({ ...localhostCertificate, ...options }, listener);
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  cleanUp(async () => {
    server.closeAllConnections();
    await new Promise((resolve) => server.close(resolve));
  });
  return (server.address() as AddressInfo).port;
}

/** A `fetch` over `node:http` and `node:https` that trusts the certificate of {@link listenTls}. */
export const trustingFetch: typeof fetch = (input, init) =>
  new Promise((resolve, reject) => {
    const { url, method, headers, body } = new Request(input, init);
    const request = url.startsWith('https:') ? requestTls : requestPlain;
    const sent = request(
      url,
      { method, headers: Object.fromEntries(headers), ca: localhostCertificate.cert, agent: false },
      (reply) =>
        resolve(
          new Response(Readable.toWeb(reply) as ReadableStream, {
            status: reply.statusCode ?? 0,
            headers: { 'content-type': reply.headers['content-type'] ?? '' },
          }),
        ),
    );
    sent.once('error', reject);
    if (body === null) sent.end();
    else Readable.fromWeb(body).pipe(sent);
  });
