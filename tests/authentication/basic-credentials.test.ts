import { expect, test } from '@jest/globals';

import { basicCredentials, type BasicEncoding } from '../../src/authentication/basic-credentials.js';

const decoded = (credentials: string): string => Buffer.from(credentials, 'base64').toString('utf8');

test.each<[BasicEncoding, string, string, string, boolean]>([
  ['minimal', 'svc-main', "-_.~!*()'", "svc-main:-_.~!*()'", false],
  ['minimal', 'a:b', 'a:b%c d+é', 'a%3Ab:a:b%25c%20d%2B%C3%A9', true],
  ['form', 'svc-main', 'a!b', 'svc-main:a%21b', true],
  ['form', 'a:b', ' %&+£€', 'a%3Ab:+%25%26%2B%C2%A3%E2%82%AC', true],
  ['raw', 'svc-main', 'a%b c', 'svc-main:a%b c', true],
  ['raw', 'svc-main', 'a!b', 'svc-main:a!b', false],
])('with the encoding "%s" %j and %j become %j [F3 R-09]', (encoding, clientId, clientSecret, pair, ambiguous) => {
  const { credentials, isAmbiguous } = basicCredentials(clientId, clientSecret, encoding);

  expect(decoded(credentials)).toBe(pair);
  expect(isAmbiguous).toBe(ambiguous);
});
