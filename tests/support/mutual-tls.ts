import { hash, X509Certificate } from 'node:crypto';
import type { TLSSocket } from 'node:tls';

import { clientCertificates } from './client-certificates.js';
import { localhostCertificate } from './grant-certificate.js';
import { listenTls } from './grant-tls.js';
import type { Answer, RecordedRequest } from './http-server.js';

/** A request over https, and the certificate of its client. */
export interface RecordedTlsRequest extends RecordedRequest {
  /** `x5t#S256` of the certificate; `undefined` without one. */
  readonly thumbprint: string | undefined;
}

/** The client certificates and their thumbprints. */
export const thumbprints = {
  first: thumbprintOf(clientCertificates.first.certificate),
  renewed: thumbprintOf(clientCertificates.renewed.certificate),
  selfSigned: thumbprintOf(clientCertificates.selfSigned.certificate),
};

/** The self-signed certificate of the https servers of these tests. */
export const ca = localhostCertificate.cert;

/** `x5t#S256` of a certificate in PEM. */
export function thumbprintOf(certificate: string): string {
  return hash('sha256', new X509Certificate(certificate).raw, 'base64url');
}

/** Starts an https server on `localhost` that requests client certificates and also accepts clients without one. */
export async function startTlsServer(handle: (request: RecordedTlsRequest) => Answer | Promise<Answer>) {
  const requests: RecordedTlsRequest[] = [];

  const port = await listenTls(
    (incoming, response) => {
      void (async () => {
        const chunks: Buffer[] = [];
        for await (const chunk of incoming) chunks.push(chunk as Buffer);
        const { raw } = (incoming.socket as TLSSocket).getPeerCertificate() as { raw?: Buffer };
        const { method = '', url: path = '', headers } = incoming;
        const body = Buffer.concat(chunks).toString('utf8');
        const request = { method, path, headers, body, thumbprint: raw && hash('sha256', raw, 'base64url') };
        requests.push(request);
        const { status = 200, headers: fields = {}, body: content = '' } = await handle(request);
        response.writeHead(status, { 'content-type': 'application/json', ...fields });
        response.end(typeof content === 'string' || Buffer.isBuffer(content) ? content : JSON.stringify(content));
      })();
    },
    { requestCert: true, rejectUnauthorized: false },
  );

  return { origin: `https://localhost:${port}`, port, requests: requests as readonly RecordedTlsRequest[] };
}
