import { randomBytes } from 'node:crypto';

import { describe, expect, test } from '@jest/globals';

import type { ClientAuthentication } from '../../src/authentication/client-authentication.js';
import { clientSecretJwt } from '../../src/authentication/client-secret-jwt.js';
import { clientSecretBasic, clientSecretPost } from '../../src/authentication/client-secret.js';
import { federatedAssertion } from '../../src/authentication/federated-assertion.js';
import { mutualTls } from '../../src/authentication/mutual-tls.js';
import { privateKeyJwt } from '../../src/authentication/private-key-jwt.js';
import type { GrantType } from '../../src/grant/grant-type.js';
import type { TokenServiceOptions } from '../../src/service/options.js';
import { createTokenService } from '../../src/service/token-service.js';
import { encryptedStore } from '../../src/stores/encrypted.js';
import { memoryStore } from '../../src/stores/memory.js';
import { clientCertificates } from '../support/client-certificates.js';
import { startDpopSurroundings } from '../support/dpop-service.js';
import { startHttpServer } from '../support/http-server.js';
import { ca, startTlsServer, thumbprints } from '../support/mutual-tls.js';
import { plainStore } from '../support/plain-store.js';
import { signingKey } from '../support/signing-keys.js';
import { startTokenService } from '../support/token-service.js';

/** A grant that the contract is tested with. */
export interface GrantCase {
  readonly name: string;
  /** A new grant; each call of `subject` returns the current token that it is based on. */
  readonly grant: (subject: () => string) => GrantType | undefined;
  /** The value of `grant_type`. */
  readonly grantType: string;
}

const { pem } = await signingKey();
const { first } = clientCertificates;
const methods: readonly (readonly [string, ClientAuthentication])[] = [
  ['client_secret_basic', clientSecretBasic('a-long-client-secret-of-32-bytes')],
  ['client_secret_post', clientSecretPost('a-long-client-secret-of-32-bytes')],
  ['client_secret_jwt', clientSecretJwt('a-long-client-secret-of-32-bytes')],
  ['private_key_jwt', privateKeyJwt({ key: pem })],
  ['a federated assertion', federatedAssertion(() => 'an-assertion')],
];

/** The contract of each grant: client authentication, DPoP, mutual TLS, the shared store and revocation work with it. */
export function grantContract({ name, grant, grantType }: GrantCase): void {
  const withGrant = (subject = () => 'a-subject'): Partial<TokenServiceOptions> => ({ grant: grant(subject) });
  const typeIn = (body: string | undefined) => new URLSearchParams(body).get('grant_type');

  describe(`${name} works with`, () => {
    test.each(methods)('%s', async (_method, clientAuthentication) => {
      const options = { ...withGrant(), clientSecret: undefined, clientAuthentication };
      const { server, tokens } = await startTokenService(options);

      expect((await tokens.getToken()).value).toBe('token-1');

      const [{ headers, body } = { headers: {}, body: '' }] = server.grants;
      expect(typeIn(body)).toBe(grantType);
      const parameters = new URLSearchParams(body);
      const authenticated =
        headers.authorization ?? parameters.get('client_secret') ?? parameters.get('client_assertion');
      expect(authenticated).toEqual(expect.stringMatching(/.+/));
    });

    test('DPoP, also with a nonce', async () => {
      const { tokens, authorizationServer } = await startDpopSurroundings(withGrant());

      expect(await tokens.getToken()).toMatchObject({ type: 'DPoP' });
      expect(authorizationServer.grants.map(({ body }) => typeIn(body))).toContain(grantType);
    });

    test('mutual TLS', async () => {
      const server = await startTlsServer(({ thumbprint }) => ({
        body: { access_token: `bound~${thumbprint}`, token_type: 'Bearer', expires_in: 600 },
      }));
      const tokens = createTokenService({
        ...withGrant(),
        tokenEndpoint: `${server.origin}/token`,
        clientId: 'orders',
        clientAuthentication: mutualTls({ ...first, ca }),
      });

      expect((await tokens.getToken()).value).toBe(`bound~${thumbprints.first}`);
      expect(typeIn(server.requests[0]?.body)).toBe(grantType);
    });

    test('revocation', async () => {
      const endpoint = await startHttpServer(() => ({}));
      const revocationEndpoint = `${endpoint.origin}/revoke`;
      const { tokens } = await startTokenService({ ...withGrant(), revocationEndpoint });
      await tokens.getToken();

      await expect(tokens.revoke()).resolves.toBe(true);
      expect(new URLSearchParams(endpoint.requests[0]?.body).get('token')).toBe('token-1');
    });

    test.each([
      ['a store', plainStore(memoryStore())],
      ['an encrypted store', encryptedStore(memoryStore(), { keys: [randomBytes(32)] })],
    ])('%s: replicas share the token', async (_what, store) => {
      const options = { ...withGrant(), store };
      const { server, tokens, clock } = await startTokenService(options);
      await tokens.ready();
      const replica = createTokenService({
        ...options,
        tokenEndpoint: server.tokenEndpoint,
        clientId: 'orders',
        clientSecret: 'another',
        clock,
      });

      expect((await replica.getToken()).value).toBe('token-1');
      expect(server.grants).toHaveLength(1);
    });
  });
}
