import { describe, expect, test } from '@jest/globals';

import { clientSecretJwt } from '../../src/authentication/client-secret-jwt.js';
import { federatedAssertion } from '../../src/authentication/federated-assertion.js';
import { mutualTls } from '../../src/authentication/mutual-tls.js';
import { privateKeyJwt } from '../../src/authentication/private-key-jwt.js';
import type { TokenServiceOptions } from '../../src/service/options.js';
import { failureOf } from '../support/grant-outcome.js';
import { startTokenService } from '../support/token-service.js';

type Source = () => Promise<string>;

/** Token services whose authorization server is called with something that another token service supplies. */
const uses: Readonly<Record<string, (source: Source) => Partial<TokenServiceOptions>>> = {
  'the client secret': (source) => ({ clientSecret: source }),
  'the federated assertion': (source) => withAuthentication(federatedAssertion(source)),
  'the secret that signs assertions': (source) => withAuthentication(clientSecretJwt(source)),
  'the private key': (source) => withAuthentication(privateKeyJwt({ key: source })),
  'the client certificate': (source) => withAuthentication(mutualTls({ certificate: source, key: source })),
  'the token of "fetch"': (source) => ({ fetch: sendingTokenOf(source) }),
  'the token of "fetch", during discovery': (source) => ({
    issuer: 'https://auth.example',
    tokenEndpoint: undefined,
    fetch: sendingTokenOf(source),
  }),
};

const withAuthentication = (clientAuthentication: NonNullable<TokenServiceOptions['clientAuthentication']>) => ({
  clientSecret: undefined,
  clientAuthentication,
});

/** Like an HTTP client that adds a token for a gateway, and puts the error of the token service into one of its own. */
const sendingTokenOf =
  (source: Source): typeof fetch =>
  async (...request) => {
    await source().catch((cause: unknown) => {
      throw new Error('the request failed', { cause });
    });
    return fetch(...request);
  };

describe.each(Object.entries(uses))('if another token service supplies %s, its Retry-After', (_what, options) => {
  async function start() {
    const inner = await startTokenService({ retry: { retries: 0 } });
    inner.server.script({ status: 429, headers: { 'retry-after': '60' } });
    const supplied = options(async () => (await inner.tokens.getToken()).value);
    return startTokenService({ retry: { retries: 0 }, ...supplied });
  }

  test('is in the cause of the error, and not in the error', async () => {
    const { tokens } = await start();

    const error = await failureOf(tokens.getToken());

    expect(error).toMatchObject({
      code: 'ERR_GRANT_UNAVAILABLE',
      message: expect.stringMatching(/(could not be read|got no token).*; see "cause"$/),
      status: undefined,
      retryAfterMs: 0,
      cause: { code: 'ERR_GRANT_UNAVAILABLE', status: 429, retryAfterMs: 60_000 },
    });
  });

  test('stops no other grant', async () => {
    const { tokens, events } = await start();
    await failureOf(tokens.getToken({ scope: 'a' }));

    await failureOf(tokens.getToken({ scope: 'b' }));

    expect(events.map(({ type }) => type)).toEqual([
      'grant.failed',
      'token.unavailable',
      'grant.failed',
      'token.unavailable',
    ]);
  });
});
