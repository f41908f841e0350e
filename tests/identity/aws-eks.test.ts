import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';

import { expect, test } from '@jest/globals';

import { ConfigurationError } from '../../src/core/errors.js';
import { awsWebIdentityToken } from '../../src/identity/index.js';
import { identityFileContract } from '../contracts/identity-file.js';
import { failureOf } from '../support/grant-outcome.js';
import { setVariables, unsignedJwt } from '../support/identity-tokens.js';
import { temporaryFolder } from '../support/temporary-folder.js';

const audience = 'https://auth.example.com';

identityFileContract('awsWebIdentityToken in EKS', {
  make(path, options) {
    setVariables({ AWS_WEB_IDENTITY_TOKEN_FILE: path });
    return awsWebIdentityToken(options);
  },
  advice: /service account of the pod/,
});

test('needs its variable when it is made', () => {
  setVariables({ AWS_WEB_IDENTITY_TOKEN_FILE: undefined });
  const make = () => awsWebIdentityToken({ audience });

  expect(make).toThrow(ConfigurationError);
  expect(make).toThrow(/AWS_WEB_IDENTITY_TOKEN_FILE is missing: EKS sets it.*"client" and "command"/);
});

test('does not return the token for AWS', async () => {
  const path = join(await temporaryFolder(), 'token');
  await writeFile(path, unsignedJwt({ aud: ['sts.amazonaws.com'], exp: 9e9 }));
  setVariables({ AWS_WEB_IDENTITY_TOKEN_FILE: path });

  expect(String(await failureOf(awsWebIdentityToken({ audience })()))).toContain('"sts.amazonaws.com", not');
});
