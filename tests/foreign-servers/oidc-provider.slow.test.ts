import { X509Certificate } from 'node:crypto';

import { describe, expect, test } from '@jest/globals';

import type { ClientAuthentication } from '../../src/authentication/client-authentication.js';
import { clientSecretJwt } from '../../src/authentication/client-secret-jwt.js';
import { clientSecretBasic, clientSecretPost } from '../../src/authentication/client-secret.js';
import { mutualTls } from '../../src/authentication/mutual-tls.js';
import { privateKeyJwt } from '../../src/authentication/private-key-jwt.js';
import type { TokenServiceOptions } from '../../src/service/options.js';
import { createTokenService } from '../../src/service/token-service.js';
import { clientCertificates } from '../support/client-certificates.js';
import { failureOf } from '../support/grant-outcome.js';
import { trustingFetch } from '../support/grant-tls.js';
import { ca, thumbprints } from '../support/mutual-tls.js';
import { apis, startOidcProvider } from '../support/oidc-provider.js';
import { signingKey } from '../support/signing-keys.js';

const { first, selfSigned } = clientCertificates;
const [ec, rsa, edwards] = await Promise.all([signingKey('ES256'), signingKey('RS256'), signingKey('EdDSA')]);
const jwksOf = (...keys: (typeof ec)[]) => ({ keys: keys.map(({ publicJwk }, index) => ({ ...publicJwk, kid: `k${index}` })) }) as never; // prettier-ignore

const parsed = new X509Certificate(selfSigned.certificate);

// The server allows visible ASCII and spaces in ids and secrets.
const awkward = { client_id: 'a:b%c d+e', client_secret: 'a:b%c d+e&=?/#[]@$;,"<>\\^`{|}-_.~!*() %41 and so on' };

const serve = (issuer: string, options: Partial<TokenServiceOptions>) =>
  createTokenService({ issuer, clientId: 'orders', fetch: trustingFetch, retry: { retries: 0 }, ...options });

describe('oidc-provider accepts', () => {
  test.each<[string, ClientAuthentication | undefined]>([
    ['client_secret_basic', undefined],
    ['client_secret_basic', clientSecretBasic(awkward.client_secret)],
    ['client_secret_basic', clientSecretBasic(awkward.client_secret, { encoding: 'form' })],
    ['client_secret_post', clientSecretPost(awkward.client_secret)],
    ['client_secret_jwt', clientSecretJwt(awkward.client_secret)],
  ])('%s with any characters in id and secret [F3 R-09]', async (method, clientAuthentication) => {
    const { issuer } = await startOidcProvider({ ...awkward, token_endpoint_auth_method: method as never });
    const proof =
      clientAuthentication === undefined ? { clientSecret: awkward.client_secret } : { clientAuthentication };

    const token = await serve(issuer, { clientId: awkward.client_id, ...proof }).getToken();

    expect(token.value).toMatch(/^\S+$/);
  });

  test.each([
    ['ES256', ec, undefined],
    ['PS256', rsa, 'PS256'],
    ['RS256', rsa, 'RS256'],
    ['EdDSA', edwards, undefined],
    ['Ed25519', edwards, 'Ed25519'],
  ] as const)('private_key_jwt with %s [R-44 R-45 R-60 R-62]', async (alg, { pem }, algorithm) => {
    const { issuer, introspect } = await startOidcProvider({
      token_endpoint_auth_method: 'private_key_jwt',
      token_endpoint_auth_signing_alg: alg,
      jwks: jwksOf(ec, rsa, edwards),
    });
    const tokens = serve(issuer, {
      clientAuthentication: privateKeyJwt({ key: pem, algorithm }),
      scope: 'orders:read',
    });

    const token = await tokens.getToken();
    const another = await tokens.getToken({ scope: 'orders:write' });

    expect(await introspect(token.value)).toMatchObject({ clientId: 'orders', scope: 'orders:read' });
    expect(await introspect(another.value)).toMatchObject({ scope: 'orders:write' });
  });

  test.each([
    ['tls_client_auth', first, { tls_client_auth_san_dns: 'orders.example.com' }, thumbprints.first],
    [
      'self_signed_tls_client_auth',
      selfSigned,
      { jwks: { keys: [{ ...parsed.publicKey.export({ format: 'jwk' }), x5c: [parsed.raw.toString('base64')] }] } },
      thumbprints.selfSigned,
    ],
  ] as const)(
    '%s, and binds the token to the certificate [R-49 R-51]',
    async (method, pair, registration, thumbprint) => {
      const { issuer, introspect } = await startOidcProvider({
        token_endpoint_auth_method: method,
        tls_client_certificate_bound_access_tokens: true,
        ...(registration as object),
      });

      const token = await serve(issuer, {
        clientAuthentication: mutualTls({ ...pair, ca }),
        profile: 'fapi2',
      }).getToken();

      expect(token.certificateThumbprint).toBe(thumbprint);
      expect(await introspect(token.value)).toMatchObject({ binding: thumbprint });
    },
  );
});

test('oidc-provider rejects an unregistered certificate, key and secret; the error says what to check', async () => {
  const { issuer } = await startOidcProvider(
    {
      client_id: 'by-certificate',
      token_endpoint_auth_method: 'tls_client_auth',
      tls_client_auth_san_dns: 'orders.example.com',
    },
    { client_id: 'by-key', token_endpoint_auth_method: 'private_key_jwt', jwks: jwksOf(rsa) },
    { client_id: 'by-secret', client_secret: 'a+b' },
  );
  const errorOf = (clientId: string, clientAuthentication: ClientAuthentication) =>
    failureOf(serve(issuer, { clientId, clientAuthentication }).getToken());

  const errors = [
    await errorOf('by-certificate', mutualTls({ ...selfSigned, ca })),
    await errorOf('by-key', privateKeyJwt({ key: ec.pem, keyId: 'k7' })),
    await errorOf('by-secret', clientSecretBasic('a+b', { encoding: 'raw' })),
  ];

  expect(errors).toMatchObject([
    { error: 'invalid_client', message: expect.stringContaining('the certificate of CN=orders was presented') },
    { error: 'invalid_client', message: expect.stringContaining('signed with ES256 with the key id "k7"') },
    { error: 'invalid_client', message: expect.stringContaining('servers read in different ways') },
  ]);
});

test('oidc-provider issues tokens that are restricted to one API each [R-53 R-64 R-83]', async () => {
  const { issuer, introspect } = await startOidcProvider({ client_secret: 's3cret' });
  const tokens = serve(issuer, { clientSecret: 's3cret', scope: 'orders:read' });

  const [orders, stock] = await Promise.all(apis.map((resource) => tokens.getToken({ resource })));
  const unknown = await failureOf(tokens.getToken({ resource: 'https://unknown.example/' }));

  expect(orders?.value).not.toBe(stock?.value);
  expect(await introspect(orders?.value ?? '')).toMatchObject({ audience: apis[0] });
  expect(await introspect(stock?.value ?? '')).toMatchObject({ audience: apis[1] });
  expect(unknown).toMatchObject({ code: expect.stringMatching(/^ERR_GRANT_/) });
});
