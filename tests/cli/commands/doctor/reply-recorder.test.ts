import { expect, test } from '@jest/globals';

import { mutualTls } from '../../../../src/authentication/mutual-tls.js';
import { witness } from '../../../../src/cli/commands/doctor/reply-recorder.js';
import { granted } from '../../../support/authorization-server.js';
import { clientCertificates } from '../../../support/client-certificates.js';
import { fakeClock } from '../../../support/clock.js';
import { startHttpServer } from '../../../support/http-server.js';

test('keeps of a reply what was asked for, and hands it on as it is [F4]', async () => {
  const { origin } = await startHttpServer(() => granted('c4n4ry'));
  const seen = witness(fakeClock());

  const reply = await seen.fetch(`${origin}/token`);

  expect(await reply.json()).toMatchObject({ access_token: 'c4n4ry' });
  expect(seen.replies).toEqual([
    {
      url: `${origin}/token`,
      status: 200,
      date: reply.headers.get('date'),
      sentAt: Date.UTC(2026, 0, 1),
      receivedAt: Date.UTC(2026, 0, 1),
      saysLifetime: true,
    },
  ]);
});

test('keeps those that a client authentication gets by a fetch of its own, too', async () => {
  const seen = witness(fakeClock());
  const authentication = mutualTls(clientCertificates.first);
  const fetch = async () => new Response(null, { status: 204 });
  const prepare = async () => ({ ...(await authentication.prepare('orders', { issuer: 'https://a' })), fetch });

  const prepared = await seen.watched({ ...authentication, prepare }).prepare('orders', { issuer: 'https://a' });
  await prepared.fetch?.('https://a');

  expect(seen.replies).toMatchObject([{ status: 204 }]);
});

test.each([
  ['a token without a lifetime', granted('t', { expires_in: undefined })],
  ['no JSON', { body: '{"expires_in": 1}' }],
  ['JSON that is broken', { headers: { 'content-type': 'application/json' }, body: '{"expires_in": 1' }],
])('%s says no lifetime', async (_, answer) => {
  const { origin } = await startHttpServer(() => answer);
  const seen = witness(fakeClock());

  await seen.fetch(origin);

  expect(seen.replies).toMatchObject([{ saysLifetime: false }]);
});
