import { connect, type SecureContext, type TLSSocket } from 'node:tls';

import { abortable, withDeadline } from '../../../../core/abort.js';
import { formatDuration } from '../../../io/duration.js';
import { bad, doubtful, type Finding, good } from '../finding.js';

/** How {@link checkTls} goes about it. */
export interface TlsOptions {
  readonly signal: AbortSignal;
  /** Wall-clock time, in milliseconds since the epoch. */
  readonly now: number;
  /** How the command ends when it fails. */
  readonly exitCode: number;
  /** In milliseconds. @default 5000 */
  readonly timeoutMs?: number;
  /** Trusted certificates, PEM. @default those that Node trusts */
  readonly ca?: string;
  /** With the certificate for a server that asks for one. */
  readonly secureContext?: SecureContext | undefined;
}

const soonMs = 14 * 24 * 3_600_000;

/** Whether the server speaks TLS, its certificate is trusted, and how long it will be. Nothing is sent but the handshake. */
export async function checkTls(
  url: URL,
  { signal, now, exitCode, timeoutMs = 5_000, ca, secureContext }: TlsOptions,
): Promise<Finding[]> {
  const host = url.hostname.replace(/^\[|\]$/g, '');
  const socket = connect({
    host,
    port: Number(url.port) || 443,
    ...(/^[\d.]+$|:/.test(host) ? {} : { servername: host }),
    ...(ca !== undefined && { ca }),
    ...(secureContext && { secureContext }),
    // To see what is wrong with a certificate it has to be let in; no request follows.
    rejectUnauthorized: false,
  });
  try {
    await withDeadline(timeoutMs, signal, (until) => abortable(secured(socket), until));
    return [judge(socket, url.host, { now, exitCode })];
  } catch (error) {
    signal.throwIfAborted();
    const { name, code } = error as NodeJS.ErrnoException;
    const why = name === 'TimeoutError' ? 'no answer in time' : code;
    const advice =
      'does the server speak https at this port, TLS 1.2 or newer? A proxy or firewall may also cut it off';
    return [bad(`${url.host} does not complete a TLS handshake (${why})`, advice, exitCode)];
  } finally {
    socket.destroy();
  }
}

function secured(socket: TLSSocket): Promise<void> {
  return new Promise((resolve, reject) => {
    socket.once('secureConnect', resolve);
    socket.once('error', reject);
  });
}

function judge(socket: TLSSocket, host: string, { now, exitCode }: Pick<TlsOptions, 'now' | 'exitCode'>): Finding {
  const { valid_from: from, valid_to: to, issuer } = socket.getPeerCertificate();
  const remainingMs = Date.parse(to) - now;
  // The checks of Node hold for every request, so they decide; but its clock and ours are the same one.
  const flaw = socket.authorizationError as unknown as string | null;
  if (flaw !== null) {
    const by = String(issuer?.CN ?? issuer?.O ?? 'unknown');
    const [what, advice] = describe(flaw, { from, to, by });
    return bad(`the certificate of ${host} ${what} (${flaw})`, advice, exitCode);
  }
  const what = `${host} speaks ${socket.getProtocol()}; its certificate is trusted and valid for ${formatDuration(remainingMs)}`;
  return remainingMs > soonMs ? good(what) : doubtful(what, 'have it renewed: nothing works once it has expired');
}

function describe(
  flaw: string,
  { from, to, by }: { readonly from: string; readonly to: string; readonly by: string },
): [what: string, advice: string] {
  switch (flaw) {
    case 'CERT_HAS_EXPIRED':
      return [`expired on ${to}`, 'its operator must renew it; if that is not so, check the clock of this machine'];
    case 'CERT_NOT_YET_VALID':
      return [`is valid only from ${from}`, 'check the clock of this machine'];
    case 'ERR_TLS_CERT_ALTNAME_INVALID':
      return ['is for another name', 'use the name that it was issued for; an address is hardly ever among them'];
    case 'UNABLE_TO_VERIFY_LEAF_SIGNATURE':
    case 'UNABLE_TO_GET_ISSUER_CERT_LOCALLY':
      return [
        `was issued by "${by}", which is not trusted here`,
        'for a private CA, or a proxy that looks into TLS, set NODE_EXTRA_CA_CERTS to its certificate; else the server leaves out an intermediate one',
      ];
    default:
      return [
        `is not trusted: issued by "${by}"`,
        'set NODE_EXTRA_CA_CERTS to the certificate of the CA, or of the server if it signs its own',
      ];
  }
}
