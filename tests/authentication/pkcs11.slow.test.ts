import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';

import { expect, test } from '@jest/globals';
import axios from 'axios';

import { bearerToken } from '../../src/adapters/axios/index.js';
import { privateKeyJwt } from '../../src/authentication/private-key-jwt.js';
import { GrantUnavailableError } from '../../src/core/errors.js';
import { dpop } from '../../src/grant/dpop.js';
import { describeWith } from '../foreign-servers/debian-packages.js';
import { granted, startAuthorizationServer } from '../support/authorization-server.js';
import { assertionIn } from '../support/client-assertions.js';
import { verifyProof } from '../support/dpop-proof.js';
import { startDpopSurroundings } from '../support/dpop-service.js';
import { failureOf } from '../support/grant-outcome.js';
import { startResourceServer } from '../support/resource-server.js';
import { runProgram } from '../support/run-program.js';
import { softHsm } from '../support/soft-hsm.js';
import { temporaryFolder } from '../support/temporary-folder.js';

// Each signature is a process.
const timeoutMs = 60_000;

describeWith(['softhsm2', 'opensc'])('a key in a security module (SoftHSM, PKCS#11) [F1 F7 R-62]', () => {
  test.each([
    ['RS256', false],
    ['PS256', false],
    ['ES256', false],
    ['ES256', true],
    ['EdDSA', false],
  ] as const)(
    'signs assertions and proofs with %s (ECDSA in DER: %s)',
    async (algorithm, isDer) => {
      const hsm = await softHsm();
      const signer = await hsm.signer(algorithm, { isDer });
      // RFC 9449 has no algorithm that the server of these tests does not verify, except the older name of Ed25519.
      const proving = algorithm === 'EdDSA' ? { ...signer, algorithm: 'Ed25519' } : signer;
      const { tokens, api, authorizationServer, atApi } = await startDpopSurroundings({
        clientSecret: undefined,
        clientAuthentication: privateKeyJwt({ signer }),
        dpop: dpop({ signer: proving }),
        clock: undefined,
      });
      const client = axios.create({ baseURL: api.origin });
      client.interceptors.request.use(bearerToken(tokens));

      expect((await client.get('/orders')).status).toBe(200);

      const { header } = await assertionIn(authorizationServer.grants[0], signer.publicKey);
      expect(header).toMatchObject({ alg: algorithm, kid: signer.keyId });
      expect(atApi.proofs).toHaveLength(1);
    },
    timeoutMs,
  );

  test(
    'that the token does not have is an error that names the signer',
    async () => {
      const hsm = await softHsm();
      const [signer, other] = [await hsm.signer('ES256'), await hsm.signer('ES256')];
      const withOther = { ...signer, sign: (data: Uint8Array) => other.sign(data) };
      const clientAuthentication = privateKeyJwt({ signer: withOther });
      const { tokens, authorizationServer } = await startDpopSurroundings({
        clientSecret: undefined,
        clientAuthentication,
      });

      const error = await failureOf(tokens.getToken());

      expect(error).toBeInstanceOf(GrantUnavailableError);
      expect(String(error)).toContain(
        'the signer of the key "key-01" returned a signature that its public key does not',
      );
      expect(authorizationServer.grants).toEqual([]);
    },
    timeoutMs,
  );

  test.each(['false', 'true'])(
    'signs for examples/remote-signer.ts, with USE_DPOP=%s',
    async (USE_DPOP) => {
      const hsm = await softHsm();
      const signer = await hsm.signer('ES256');
      const file = join(await temporaryFolder(), 'public.pem');
      await writeFile(file, signer.publicKey.export({ type: 'spki', format: 'pem' }));
      const isBound = USE_DPOP === 'true';
      const server = await startAuthorizationServer({ metadata: {} });
      server.script(granted('a', { token_type: isBound ? 'DPoP' : 'Bearer' }));
      const api = await startResourceServer();
      api.answer(() => ({ body: {} }));

      const outcome = await runProgram('examples/remote-signer.ts', {
        environment: {
          ...hsm.environment,
          OAUTH_ISSUER: server.origin,
          API_URL: api.origin,
          KEY_ID: signer.id,
          PUBLIC_KEY_FILE: file,
          USE_DPOP,
        },
      });

      expect(outcome).toEqual({ exitCode: 0, stdout: 'orders 200\n', stderr: '' });
      const { header } = await assertionIn(server.grants[0], signer.publicKey);
      expect(header.kid).toBe('orders-2026');
      const requests = [...server.grants, ...api.requests];
      expect(requests).toHaveLength(2);
      const proofs = requests.filter(({ headers }) => headers['dpop'] !== undefined);
      expect(proofs).toHaveLength(isBound ? 2 : 0);
      const origins = [server.origin, api.origin];
      await Promise.all(proofs.map((request, at) => verifyProof(request, origins[at] ?? '')));
    },
    timeoutMs,
  );
});
