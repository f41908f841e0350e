import { setTimeout } from 'node:timers/promises';

import {
  createTokenService,
  federatedAssertion,
  mutualTls,
  type TokenService,
  type TokenServiceOptions,
} from 'm2m-tokens';
import { redisStore } from 'm2m-tokens/redis';
import { createClient } from 'redis';

import { clientCertificates } from '../support/client-certificates.js';
import { localhostCertificate } from '../support/grant-certificate.js';

/** The servers of {@link startFurtherServices}. */
export interface Endpoints {
  /** The origin of an authorization server: each service has an endpoint `/token/<its name>`. */
  readonly origin: string;
  /** A token endpoint that requests the certificate of the client. */
  readonly tlsTokenEndpoint: string;
  readonly redisUrl: string;
}

/** Starts token services that do what the tour does not; each of them is called several times a second. */
export async function startFurtherServices(
  { origin, tlsTokenEndpoint, redisUrl }: Endpoints,
  onTokenService: (tokens: TokenService) => void,
): Promise<void> {
  const start = (name: string, options: Partial<TokenServiceOptions>): TokenService => {
    const tokens = createTokenService({
      tokenEndpoint: `${origin}/token/${name}`,
      clientId: 'orders',
      name,
      ...options,
    });
    onTokenService(tokens);
    return tokens;
  };
  const client = createClient({ url: redisUrl });
  const store = redisStore(client);
  await client.connect();

  // More token requests than its cache has room for, so most of its tokens come from the store.
  const stored = start('stored', {
    store,
    cache: { maxTokens: 1 },
    revocationEndpoint: `${origin}/revoke`,
    clientSecret: () => ({ value: 's3cret', expiresAt: Date.now() + hourMs }),
  });
  let calls = 0;
  repeat(async () => {
    calls += 1;
    await stored.getToken({ scope: `scope-${calls % 3}` });
    if (calls % 10 === 0) await stored.revoke({ shared: true });
  });

  const { certificate, key } = clientCertificates.first;
  const authentication = mutualTls({ certificate, key, ca: localhostCertificate.cert });
  const withCertificate = { tokenEndpoint: tlsTokenEndpoint, clientAuthentication: authentication };
  const withAssertion = { clientAuthentication: federatedAssertion(assertion) };
  // Begins to renew a token after a quarter of its lifetime.
  const withOutage = { clientSecret: 's3cret', refresh: { share: 0.5 }, random: () => 0.999 };
  for (const tokens of [
    start('certificate', withCertificate),
    start('assertion', withAssertion),
    start('outage', withOutage),
    start('renewed', { clientSecret: 's3cret' }),
    start('skew', { clientSecret: 's3cret' }),
    // Its grants are suppressed all the time, so also after the first scrape, which may be late on a slow machine.
    start('rejected', { clientSecret: 'wrong' }),
  ]) {
    repeat(() => tokens.getToken());
  }
}

const hourMs = 3_600_000;

/** A JWT that expires in an hour; the server does not check it. */
function assertion(): string {
  const parts = [{ alg: 'none' }, { exp: Math.floor((Date.now() + hourMs) / 1_000) }, {}];
  return parts.map((part) => Buffer.from(JSON.stringify(part)).toString('base64url')).join('.');
}

/** Makes a call over and over again. Failures are part of some services. */
function repeat(call: () => Promise<unknown>): void {
  void call()
    .catch(() => undefined)
    .then(() => setTimeout(200))
    .then(() => repeat(call));
}
