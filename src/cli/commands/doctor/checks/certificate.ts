import { X509Certificate } from 'node:crypto';

import { formatDuration } from '../../../io/duration.js';
import { type Finding, pass, warn } from '../finding.js';

const soonMs = 14 * 24 * 3_600_000;

/** Checks the period of validity of the client certificate, in PEM. `now` is milliseconds since the epoch. */
export function checkCertificate(certificate: string, now: number): Finding[] {
  const { validFrom, validTo } = new X509Certificate(certificate);
  const renew = 'request a new certificate: the authorization server rejects an invalid one';
  if (Date.parse(validFrom) > now) return [warn(`the client certificate is valid only from ${validFrom}`, renew)];
  const remainingMs = Date.parse(validTo) - now;
  if (remainingMs <= 0) return [warn(`the client certificate expired on ${validTo}`, renew)];
  const what = `the client certificate is valid for ${formatDuration(remainingMs)}`;
  return [remainingMs > soonMs ? pass(what) : warn(what, renew)];
}
