import { expect, test } from '@jest/globals';

import { ConfigurationError } from '../../src/core/errors.js';
import { gitlabIdToken } from '../../src/identity/index.js';
import { failureOf } from '../support/grant-outcome.js';
import { setVariables, unsignedJwt } from '../support/identity-tokens.js';

const audience = 'https://auth.example.com';

test('returns the variable of the job', async () => {
  const token = unsignedJwt({ aud: audience, exp: 9e9 });
  setVariables({ AUTH_TOKEN: token });

  expect(await gitlabIdToken({ variable: 'AUTH_TOKEN', audience })()).toBe(token);
});

test('needs the variable when it is made', () => {
  setVariables({ AUTH_TOKEN: '' });
  const make = () => gitlabIdToken({ variable: 'AUTH_TOKEN' });

  expect(make).toThrow(ConfigurationError);
  expect(make).toThrow(/AUTH_TOKEN is missing: add it to "id_tokens"/);
});

test('rejects a token that has expired during the job', async () => {
  setVariables({ AUTH_TOKEN: unsignedJwt({ exp: 1 }) });

  expect(await failureOf(gitlabIdToken({ variable: 'AUTH_TOKEN' })())).toMatchObject({
    message: expect.stringMatching(/the variable AUTH_TOKEN expired/),
  });
});
