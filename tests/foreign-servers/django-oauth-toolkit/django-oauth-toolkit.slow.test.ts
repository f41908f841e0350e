import { expect, test } from '@jest/globals';

import type { TokenEvent } from '../../../src/core/events.js';
import { failureOf } from '../../support/grant-outcome.js';
import { awkwardClient, clientsOf, type Method } from '../clients.js';
import { describeForeignServer } from '../describe-foreign-server.js';
import { doctorContract, doctorDiscoveryContract } from '../doctor-contract.js';
import { encodingContract } from '../encoding-contract.js';
import {
  callAfterRevocation,
  discoveryContract,
  grantContract,
  revocationContract,
  rotationContract,
} from '../foreign-server-contract.js';
import { startDjangoOAuthToolkit } from './start-django-oauth-toolkit.js';

const methods: readonly Method[] = ['client_secret_basic', 'client_secret_post'];

describeForeignServer(
  'Django OAuth Toolkit',
  {
    packages: ['python3-django-oauth-toolkit'],
    start: startDjangoOAuthToolkit,
    clients: [...clientsOf(methods), awkwardClient],
  },
  (shared) => {
    const { server, serviceFor } = shared;
    grantContract(shared, { methods, rejection: () => ({ status: 401, error: 'invalid_client' }) });
    discoveryContract(shared, { methods });
    encodingContract(shared, { accepted: ['minimal', 'form'] });
    rotationContract(shared);
    revocationContract(shared, { methods });
    doctorContract(shared, { methods });
    doctorDiscoveryContract(shared, { methods: ['client_secret_basic'] });

    test('names no revocation endpoint in its metadata; revoke() reports it', async () => {
      const events: TokenEvent[] = [];
      const onEvent = (event: TokenEvent) => events.push(event);
      const tokens = serviceFor('client_secret_basic', { issuer: server().issuer, onEvent });
      await tokens.getToken();

      const isRevoked = await tokens.revoke();

      expect(isRevoked).toBe(false);
      expect(events.at(-1)).toMatchObject({
        type: 'revocation.failed',
        error: { message: expect.stringContaining('its metadata name no "revocation_endpoint"') },
      });
    });

    test('redirects a token request without the trailing slash; the error names the right URL [A21]', async () => {
      const { tokenEndpoint } = server();
      const tokens = serviceFor('client_secret_basic', { tokenEndpoint: tokenEndpoint.replace(/\/$/, '') });

      const error = await failureOf(tokens.getToken());

      expect(String(error)).toContain(`redirected the request to ${tokenEndpoint} (HTTP 301)`);
    });

    test('grants all scopes if none is requested [A17 R-14]', async () => {
      const token = await serviceFor('client_secret_basic', { scope: undefined }).getToken();

      expect(token.scope).toBe('orders:read orders:write');
    });

    test('rejects a revoked token at its API with a 403, which stands without isRejected [E25]', async () => {
      const isRejected = ({ status }: Response) => status === 403;

      expect(await callAfterRevocation(shared)).toEqual({ statuses: [200, 403], events: [] });
      expect(await callAfterRevocation(shared, { isRejected })).toEqual({
        statuses: [200, 200],
        events: ['request.resent'],
      });
    });
  },
);
