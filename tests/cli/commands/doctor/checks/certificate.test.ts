import { expect, test } from '@jest/globals';

import { checkCertificate } from '../../../../../src/cli/commands/doctor/checks/certificate.js';
import { testCertificates } from '../../../../support/certificates.js';

const now = Date.UTC(2026, 0, 1);

test('passes a valid certificate and reports its remaining validity', () => {
  expect(checkCertificate(testCertificates.good, now)).toEqual([
    { verdict: 'pass', what: 'the client certificate is valid for 93 y 22 d' },
  ]);
});

test.each([
  ['has expired', testCertificates.expired, now, 'expired on Jan  1 00:00:00 2021 GMT'],
  ['is not valid yet', testCertificates.future, now, 'is valid only from Jan  1 00:00:00 2110 GMT'],
  ['will expire soon', testCertificates.good, Date.UTC(2118, 11, 25), 'is valid for 7 d'],
])('warns about a certificate that %s [F8]', (_, certificate, at, what) => {
  expect(checkCertificate(certificate, at)).toMatchObject([
    {
      verdict: 'warn',
      what: `the client certificate ${what}`,
      advice: expect.stringContaining('request a new certificate'),
    },
  ]);
});
