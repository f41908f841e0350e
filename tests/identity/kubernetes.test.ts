import { expect, test } from '@jest/globals';

import { ConfigurationError } from '../../src/core/errors.js';
import { kubernetesServiceAccount } from '../../src/identity/index.js';
import { identityFileContract } from '../contracts/identity-file.js';
import { failureOf } from '../support/grant-outcome.js';

identityFileContract('kubernetesServiceAccount', {
  make: (path, options) => kubernetesServiceAccount({ path, ...options }),
  advice: /projected volume/,
});

test('reads the mounted token by default, not the token for the API server', async () => {
  const error = await failureOf(kubernetesServiceAccount()());

  expect(error).toBeInstanceOf(ConfigurationError);
  expect(error).toMatchObject({ cause: { code: 'ENOENT' } });
  expect(String(error)).toContain('(default: /var/run/secrets/tokens/token)');
});
