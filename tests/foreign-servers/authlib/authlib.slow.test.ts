import { expect, test } from '@jest/globals';

import { awkwardClient, clientIdOf, clientsOf, type Method } from '../clients.js';
import { describeForeignServer } from '../describe-foreign-server.js';
import { doctorContract, doctorDiscoveryContract } from '../doctor-contract.js';
import { encodingContract } from '../encoding-contract.js';
import {
  audienceContract,
  callAfterRevocation,
  discoveryContract,
  grantContract,
  revocationContract,
  rotationContract,
} from '../foreign-server-contract.js';
import { jwtBearerContract } from '../jwt-bearer-contract.js';
import { startAuthlib } from './start-authlib.js';

const assertionMethods: readonly Method[] = ['client_secret_jwt', 'private_key_jwt'];
const methods: readonly Method[] = ['client_secret_basic', 'client_secret_post', ...assertionMethods];

describeForeignServer(
  'Authlib',
  {
    packages: ['python3-authlib', 'python3-flask'],
    start: startAuthlib,
    clients: [...clientsOf(methods), awkwardClient],
  },
  (shared) => {
    const rejection = (method: Method) => ({
      status: assertionMethods.includes(method) ? 400 : 401,
      error: 'invalid_client',
    });
    grantContract(shared, { methods, rejection });
    discoveryContract(shared, { methods });
    audienceContract(shared, { methods: assertionMethods });
    encodingContract(shared, { accepted: ['raw'] });
    rotationContract(shared);
    revocationContract(shared, { methods });
    doctorContract(shared, { methods: ['client_secret_basic', 'private_key_jwt'] });
    jwtBearerContract(shared, { issuer: clientIdOf('private_key_jwt'), subject: 'batch' });
    doctorDiscoveryContract(shared, { methods: ['client_secret_basic'] });

    test('rejects a revoked token at its API with a 401, and accepts the next token [E1 R-19 R-34 R-35]', async () => {
      expect(await callAfterRevocation(shared)).toEqual({ statuses: [200, 200], events: ['request.resent'] });
    });
  },
);
