import { expect, test } from '@jest/globals';

import type { ClientAuthentication } from '../../src/authentication/client-authentication.js';
import { clientSecretBasic } from '../../src/authentication/client-secret.js';
import { failureOf } from '../support/grant-outcome.js';
import { awkwardClient } from './clients.js';
import type { ForeignServerTests } from './describe-foreign-server.js';

type Encoding = 'minimal' | 'form' | 'raw';

/** Options of {@link encodingContract}. */
export interface EncodingContractOptions {
  /** The encodings with which the server accepts the id and the secret of {@link awkwardClient}. */
  readonly accepted: readonly Encoding[];
}

/** Tests of a client id and a secret that servers decode differently. */
export function encodingContract({ serviceFor }: ForeignServerTests, { accepted }: EncodingContractOptions): void {
  const { client_id: clientId, client_secret: secret } = awkwardClient;
  const grant = (clientAuthentication: ClientAuthentication) =>
    serviceFor('client_secret_basic', { clientId, clientAuthentication }).getToken();

  test.each(accepted)('reads an awkward id and secret with the encoding %s [F3 R-09]', async (encoding) => {
    expect(await grant(clientSecretBasic(secret, { encoding }))).toMatchObject({ type: 'Bearer' });
  });

  const others = (['minimal', 'form', 'raw'] as const).filter((encoding) => !accepted.includes(encoding));
  test.each(others)(
    'rejects an awkward id and secret with the encoding %s; the error names the others [F3]',
    async (encoding) => {
      const error = await failureOf(grant(clientSecretBasic(secret, { encoding })));

      expect(String(error)).toContain(`"form" or "raw"`);
      expect(String(error)).toContain(`sent with the encoding "${encoding}"`);
    },
  );
}
