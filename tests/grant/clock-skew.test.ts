import { expect, test } from '@jest/globals';

import { privateKeyJwt } from '../../src/authentication/private-key-jwt.js';
import { granted, refused, startAuthorizationServer } from '../support/authorization-server.js';
import { assertionIn } from '../support/client-assertions.js';
import { fakeClock } from '../support/clock.js';
import { granting } from '../support/grant-outcome.js';
import { signingKey } from '../support/signing-keys.js';

const { pem } = await signingKey('ES256');

/**
 * A client that signs assertions, at a server that rejects the client once for each of these `Date` fields: milliseconds ahead
 * of the client's clock, or a text.
 */
async function rejectedWith(...dates: readonly (number | string | undefined)[]) {
  const clock = fakeClock();
  const server = await startAuthorizationServer();
  const rejections = dates.map((date) => ({
    ...refused('invalid_client', { status: 401 }),
    headers: { date: typeof date === 'number' ? new Date(clock.now() + date).toUTCString() : (date ?? '') },
  }));
  server.script(...rejections, granted('t'));
  const clientAuthentication = privateKeyJwt({ key: pem });
  const { tokens } = granting({ tokenEndpoint: server.tokenEndpoint, clientAuthentication, clock });
  /** The skews of the assertions so far, in milliseconds. Assertions are backdated by 5 s. */
  const skews = () =>
    Promise.all(
      server.grants.map(async (request) => {
        const { claims } = await assertionIn(request);
        return Number(claims.iat) * 1_000 + 5_000 - clock.now();
      }),
    );
  const getToken = () => tokens.getToken().catch(() => undefined);
  return { getToken, skews };
}

test.each([3_600_000, -60_000, 10_000])('a clock skew of %d ms is corrected at once [R-92]', async (aheadMs) => {
  const { getToken, skews } = await rejectedWith(aheadMs);

  await getToken();
  await getToken();

  expect(await skews()).toEqual([0, aheadMs, aheadMs]);
});

test.each([9_000, -9_000])('a clock skew of %d ms is tolerated [R-92]', async (aheadMs) => {
  const { getToken, skews } = await rejectedWith(aheadMs);

  await getToken();
  await getToken();

  expect(await skews()).toEqual([0, 0]);
});

test('a corrected assertion that is rejected was not rejected for its time, so the clock skew is dropped [R-92]', async () => {
  const { getToken, skews } = await rejectedWith(60_000, 62_000);

  await getToken();
  await getToken();

  expect(await skews()).toEqual([0, 60_000, 0]);
});

test('a server clock that was set is measured again [R-92]', async () => {
  const { getToken, skews } = await rejectedWith(60_000, 120_000);

  await getToken();
  await getToken();

  expect(await skews()).toEqual([0, 60_000, 120_000]);
});

test('concurrent rejections measure the same clock skew [R-92]', async () => {
  const { getToken, skews } = await rejectedWith(60_000, 60_000);

  await Promise.all([getToken(), getToken()]);
  await getToken();

  expect((await skews()).toSorted((one, other) => one - other)).toEqual([0, 0, 60_000, 60_000, 60_000]);
});

test.each(['', 'soon'])('a response with the date "%s" keeps the clock skew [R-92]', async (date) => {
  const { getToken, skews } = await rejectedWith(60_000, date);

  await getToken();
  await getToken();

  expect(await skews()).toEqual([0, 60_000, 60_000]);
});
