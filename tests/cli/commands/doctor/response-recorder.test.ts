import { expect, test } from '@jest/globals';

import { asClientAuthentication, authenticatorOf } from '../../../../src/authentication/client-authentication.js';
import { mutualTls } from '../../../../src/authentication/mutual-tls.js';
import { responseRecorder } from '../../../../src/cli/commands/doctor/response-recorder.js';
import { granted } from '../../../support/authorization-server.js';
import { clientCertificates } from '../../../support/client-certificates.js';
import { fakeClock } from '../../../support/clock.js';
import { startHttpServer } from '../../../support/http-server.js';

test('records the facts of a response, and returns the response unchanged [F4]', async () => {
  const { origin } = await startHttpServer(() => granted('c4n4ry'));
  const recorder = responseRecorder(fakeClock());

  const response = await recorder.fetch(`${origin}/token`);

  expect(await response.json()).toMatchObject({ access_token: 'c4n4ry' });
  const now = Date.UTC(2026, 0, 1);
  expect(recorder.responses).toEqual([
    { date: response.headers.get('date'), sentAt: now, receivedAt: now, hasLifetime: true, hasScope: false },
  ]);
});

test('records the responses to a client authentication with its own fetch', async () => {
  const recorder = responseRecorder(fakeClock());
  const authentication = mutualTls(clientCertificates.first);
  const fetch = async () => new Response(null, { status: 204, headers: { date: 'now' } });
  const authenticator = authenticatorOf(authentication);
  const prepare = async () => ({
    ...(await authenticator.prepare('orders', { issuer: 'https://a' })),
    fetch,
  });

  const prepared = await authenticatorOf(
    recorder.record(asClientAuthentication({ ...authenticator, prepare })),
  ).prepare('orders', {
    issuer: 'https://a',
  });
  await prepared.fetch?.('https://a');

  expect(recorder.responses).toMatchObject([{ date: 'now' }]);
});

test.each([
  ['a b', true],
  ['', false],
  [null, false],
])('records whether the response names the scope: %j [A51]', async (scope, hasScope) => {
  const { origin } = await startHttpServer(() => granted('t', { scope }));
  const recorder = responseRecorder(fakeClock());

  await recorder.fetch(origin);

  expect(recorder.responses).toMatchObject([{ hasScope }]);
});

test.each([
  ['a token without a lifetime', granted('t', { expires_in: undefined })],
  ['a body that is not JSON', { body: '{"expires_in": 1}' }],
  ['malformed JSON', { headers: { 'content-type': 'application/json' }, body: '{"expires_in": 1' }],
])('%s has no lifetime', async (_, answer) => {
  const { origin } = await startHttpServer(() => answer);
  const recorder = responseRecorder(fakeClock());

  await recorder.fetch(origin);

  expect(recorder.responses).toMatchObject([{ hasLifetime: false }]);
});
