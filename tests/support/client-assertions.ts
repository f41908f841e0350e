import type { KeyObject } from 'node:crypto';

import { expect } from '@jest/globals';
import { decodeJwt, decodeProtectedHeader, jwtVerify } from 'jose';

import type { RecordedRequest } from './http-server.js';

/** The parameters of a token request. */
export const parametersIn = ({ body }: RecordedRequest): Record<string, string> =>
  Object.fromEntries(new URLSearchParams(body));

/** Header and claims of the assertion in a token request; with a key, the signature is checked. */
export async function assertionIn(request: RecordedRequest | undefined, key?: KeyObject | Uint8Array) {
  expect(request).toBeDefined();
  const assertion = parametersIn(request as RecordedRequest)['client_assertion'] ?? '';
  // The tests check the claims about time.
  if (key !== undefined) await jwtVerify(assertion, key, { currentDate: new Date(decodeJwt(assertion).iat! * 1_000) });
  return { header: decodeProtectedHeader(assertion), claims: decodeJwt(assertion), assertion };
}
