import { connect, type SecureContext, type TLSSocket } from 'node:tls';

import { abortable, withDeadline } from '../../../../core/abort.js';
import { readable } from '../../../../grant/errors/redaction.js';
import { formatDuration } from '../../../io/duration.js';
import { fail, type Finding, pass, warn } from '../finding.js';

/** Options of {@link checkTls}. */
export interface TlsOptions {
  readonly signal: AbortSignal;
  /** Wall-clock time, in milliseconds since the epoch. */
  readonly now: number;
  /** The exit code of a failure. */
  readonly exitCode: number;
  /** In milliseconds. @default 5000 */
  readonly timeoutMs?: number;
  /** Trusted certificates, in PEM. @default those that Node.js trusts */
  readonly ca?: string;
  /** With the client certificate, for a server that requests one. */
  readonly secureContext?: SecureContext | undefined;
  /** Whether Node.js accepts any certificate, because of NODE_TLS_REJECT_UNAUTHORIZED=0. @default false */
  readonly acceptsAnyCertificate?: boolean | undefined;
}

const soonMs = 14 * 24 * 3_600_000;

/** Checks by a TLS handshake whether the certificate of the server is trusted, and how long it is valid. */
export async function checkTls(url: URL, options: TlsOptions): Promise<Finding[]> {
  const { signal, exitCode, timeoutMs = 5_000 } = options;
  const socket = connectTo(url, options);
  try {
    await withDeadline(timeoutMs, signal, (until) => abortable(secured(socket), until));
    return [judge(socket, url, options)];
  } catch (error) {
    signal.throwIfAborted();
    const { name, code = '' } = error as NodeJS.ErrnoException;
    if (plainCodes.has(code)) {
      return [
        fail(`${url.host} does not use https at this port, but probably http (${code})`, adviceForHttp, exitCode),
      ];
    }
    const why = name === 'TimeoutError' ? 'timeout' : code;
    const advice =
      'check that the server uses https at this port, with TLS 1.2 or newer; a proxy or firewall may block it';
    return [fail(`${url.host} does not complete a TLS handshake (${why})`, advice, exitCode)];
  } finally {
    socket.destroy();
  }
}

/** Checks whether the port of an http URL completes a TLS handshake. No finding if it does not. */
export async function checkNoTls(url: URL, options: TlsOptions): Promise<Finding[]> {
  const { signal, exitCode, timeoutMs = 500 } = options;
  const socket = connectTo(url, options);
  try {
    await withDeadline(timeoutMs, signal, (until) => abortable(secured(socket), until));
    const advice = `begin the URL with https: ${url.href.replace('http:', 'https:')}`;
    return [fail(`${url.host} uses https at this port, but the URL begins with http`, advice, exitCode)];
  } catch {
    signal.throwIfAborted();
    return [];
  } finally {
    socket.destroy();
  }
}

// The codes for a response in plain text, which is not a TLS record.
const plainCodes = new Set(['ERR_SSL_WRONG_VERSION_NUMBER', 'ERR_SSL_PACKET_LENGTH_TOO_LONG', 'ERR_SSL_HTTP_REQUEST']);

const adviceForHttp = 'check the port of the URL: servers have different ports for http and https';

function connectTo(url: URL, { ca, secureContext }: TlsOptions): TLSSocket {
  const host = url.hostname.replace(/^\[|\]$/g, '');
  return connect({
    host,
    port: Number(url.port) || (url.protocol === 'https:' ? 443 : 80),
    ...(/^[\d.]+$|:/.test(host) ? {} : { servername: host }),
    ...(ca !== undefined && { ca }),
    ...(secureContext && { secureContext }),
    // Keeps the connection open, so that an untrusted certificate can be examined. No request follows.
    rejectUnauthorized: false,
  });
}

function secured(socket: TLSSocket): Promise<void> {
  return new Promise((resolve, reject) => {
    socket.once('secureConnect', resolve);
    socket.once('error', reject);
  });
}

function judge(
  socket: TLSSocket,
  { host }: URL,
  { now, exitCode, acceptsAnyCertificate = false }: TlsOptions,
): Finding {
  const { valid_from: from, valid_to: to, issuer, subjectaltname: names = '' } = socket.getPeerCertificate();
  const remainingMs = Date.parse(to) - now;
  // Node.js makes the same checks for each request.
  const flaw = socket.authorizationError as unknown as string | null;
  if (flaw !== null) {
    const by = readable(String(issuer?.CN ?? issuer?.O ?? 'unknown'), []);
    const [what, advice] = describe(flaw, { from, to, by, names: readable(names, []) });
    const found = `the certificate of ${host} ${what} (${flaw})`;
    return acceptsAnyCertificate ? warn(`${found}, but Node.js accepts it`, advice) : fail(found, advice, exitCode);
  }
  const what = `${host} uses ${socket.getProtocol()}; its certificate is trusted and valid for ${formatDuration(remainingMs)}`;
  return remainingMs > soonMs ? pass(what) : warn(what, 'have it renewed before it expires');
}

function describe(
  flaw: string,
  { from, to, by, names }: Readonly<Record<'from' | 'to' | 'by' | 'names', string>>,
): [what: string, advice: string] {
  switch (flaw) {
    case 'CERT_HAS_EXPIRED':
      return [`expired on ${to}`, 'ask the operator of the server to renew it, or correct the clock of this machine'];
    case 'CERT_NOT_YET_VALID':
      return [`is valid only from ${from}`, 'check the clock of this machine'];
    case 'ERR_TLS_CERT_ALTNAME_INVALID':
      return [
        'is for another name',
        `use a name of the certificate (${names || 'it has none'}); certificates rarely name an IP address`,
      ];
    case 'UNABLE_TO_VERIFY_LEAF_SIGNATURE':
    case 'UNABLE_TO_GET_ISSUER_CERT_LOCALLY':
      return [
        `was issued by "${by}", which this machine does not trust`,
        'for a private CA, or a proxy that terminates TLS, set NODE_EXTRA_CA_CERTS to its certificate; otherwise the server omits an intermediate certificate',
      ];
    default:
      return [
        `is not trusted: issued by "${by}"`,
        'set NODE_EXTRA_CA_CERTS to the certificate of the CA, or to a self-signed certificate itself',
      ];
  }
}
