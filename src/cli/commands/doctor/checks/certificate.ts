import { X509Certificate } from 'node:crypto';

import { formatDuration } from '../../../io/duration.js';
import { doubtful, type Finding, good } from '../finding.js';

const soonMs = 14 * 24 * 3_600_000;

/** How long the certificate of the client, in PEM, will be valid; `now` is milliseconds since the epoch. */
export function checkCertificate(certificate: string, now: number): Finding[] {
  const { validFrom, validTo } = new X509Certificate(certificate);
  const renew = 'have another one issued: the authorization server refuses one that is not valid';
  if (Date.parse(validFrom) > now) return [doubtful(`the client certificate is valid only from ${validFrom}`, renew)];
  const remainingMs = Date.parse(validTo) - now;
  if (remainingMs <= 0) return [doubtful(`the client certificate expired on ${validTo}`, renew)];
  const what = `the client certificate is valid for ${formatDuration(remainingMs)}`;
  return [remainingMs > soonMs ? good(what) : doubtful(what, renew)];
}
