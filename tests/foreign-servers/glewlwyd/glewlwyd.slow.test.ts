import { expect, test } from '@jest/globals';

import type { TokenEvent } from '../../../src/core/events.js';
import { failureOf } from '../../support/grant-outcome.js';
import { awkwardClient, clientsOf, type Method } from '../clients.js';
import { describeForeignServer } from '../describe-foreign-server.js';
import { doctorContract, doctorDiscoveryContract } from '../doctor-contract.js';
import { encodingContract } from '../encoding-contract.js';
import {
  audienceContract,
  discoveryContract,
  grantContract,
  revocationContract,
  rotationContract,
} from '../foreign-server-contract.js';
import { startGlewlwyd } from './start-glewlwyd.js';

const secretMethods: readonly Method[] = ['client_secret_basic', 'client_secret_post'];
const assertionMethods: readonly Method[] = ['client_secret_jwt', 'private_key_jwt'];
const methods = [...secretMethods, ...assertionMethods];

describeForeignServer(
  'glewlwyd',
  { packages: ['glewlwyd'], start: startGlewlwyd, clients: [...clientsOf(methods), awkwardClient] },
  (shared) => {
    const { serviceFor } = shared;
    grantContract(shared, { methods, rejection: () => ({ status: 403, error: undefined }) });
    discoveryContract(shared, { methods });
    audienceContract(shared, { methods: assertionMethods });
    encodingContract(shared, { accepted: ['raw'] });
    revocationContract(shared, { methods: secretMethods });
    rotationContract(shared);
    doctorContract(shared, { methods: ['client_secret_basic', 'private_key_jwt'] });
    doctorDiscoveryContract(shared, { methods: ['client_secret_basic'] });

    test.each(assertionMethods)('does not revoke tokens by %s; revoke() reports it [R-77]', async (method) => {
      // Its revocation endpoint accepts only its own URL as the audience of an assertion.
      const events: TokenEvent[] = [];
      const tokens = serviceFor(method, { onEvent: (event) => events.push(event) });
      await tokens.getToken();

      const isRevoked = await tokens.revoke();

      expect(isRevoked).toBe(false);
      expect(events.at(-1)).toMatchObject({ type: 'revocation.failed', tokens: 1, error: { status: 401 } });
    });

    test('grants fewer scopes than requested [A17 A36 R-14]', async () => {
      const token = await serviceFor('client_secret_basic', { scope: 'orders:read unknown' }).getToken();

      expect(token.scope).toBe('orders:read');
    });

    test.each([
      ['no scope', undefined, { status: 403, error: undefined }],
      ['an unknown scope', 'unknown', { status: 400, error: 'scope_invalid' }],
    ])('rejects a request for %s [A31]', async (_, scope, rejection) => {
      const error = await failureOf(serviceFor('client_secret_basic', { scope }).getToken());

      expect(error).toMatchObject({ code: 'ERR_GRANT_REJECTED', ...rejection });
    });
  },
);
