import { expect, test } from '@jest/globals';

import { clientSecretBasic } from '../../../../src/authentication/client-secret.js';
import { tryMethods } from '../../../../src/cli/commands/doctor/rejected-client.js';
import { type Credentials } from '../../../../src/cli/settings/auth-methods.js';
import type { TokenServiceOptions } from '../../../../src/service/options.js';
import { createTokenService } from '../../../../src/service/token-service.js';
import { granted, refused, startAuthorizationServer } from '../../../support/authorization-server.js';
import type { RecordedRequest } from '../../../support/http-server.js';
import { credentialsOf } from '../../../support/settings.js';
import { signingKey } from '../../../support/signing-keys.js';

const facts = { issuer: 'https://a', token_endpoint: 'https://a/token' };

/** Tries the methods at a server that accepts requests by `accepts`. */
async function tried(secret: string, accepts: (request: RecordedRequest) => boolean, more: Partial<Credentials> = {}) {
  const server = await startAuthorizationServer();
  server.script((request) => (accepts(request) ? granted('t') : refused('invalid_client', { status: 401 })));
  const { tokenEndpoint } = server;
  const clientAuthentication = clientSecretBasic(secret);
  const open = (options: Partial<TokenServiceOptions>) =>
    createTokenService({ clientId: 'orders', tokenEndpoint, ...options });
  const { signal } = new AbortController();

  const findings = [];
  const options = {
    settings: {},
    clientId: 'orders',
    credentials: credentialsOf({ secret, ...more }),
    facts: { ...facts, token_endpoint: tokenEndpoint },
    clientAuthentication,
    open,
    signal,
  };
  for await (const finding of tryMethods(options)) findings.push(finding);
  return { findings, grants: server.grants };
}

test('reports another method that works and how to set it', async () => {
  const { findings, grants } = await tried('s3cret', ({ body }) => body.includes('client_secret=s3cret'));

  expect(findings).toEqual([
    {
      verdict: 'pass',
      what: 'client_secret_post works',
      advice: 'set --auth-method client_secret_post, or OAUTH_AUTH_METHOD',
    },
  ]);
  expect(grants).toHaveLength(1);
});

test('tries variants of the header, and nothing after a method that works', async () => {
  const raw = `Basic ${btoa('orders:a+b')}`;

  const { findings, grants } = await tried('a+b', ({ headers }) => headers.authorization === raw);

  expect(findings.map(({ what }) => what)).toEqual(['client_secret_basic:raw works']);
  expect(grants).toHaveLength(1);
});

test('reports each failure if none works', async () => {
  const { findings } = await tried('a!b', () => false);

  expect(findings).toMatchObject([
    {
      verdict: 'fail',
      what: expect.stringMatching(/^client_secret_basic:form: .*invalid_client/),
      advice: ['the server rejects this method too'],
    },
    { verdict: 'fail', what: expect.stringMatching(/^client_secret_post: /) },
    { verdict: 'fail', what: expect.stringMatching(/^client_secret_jwt: /) },
  ]);
});

test('tries only methods for which there are credentials', async () => {
  const { pem: key } = await signingKey('ES256');

  const { findings } = await tried('s3cret', ({ body }) => body.includes('client_assertion='), { key });
  const none = await tried('s3cret', () => false);

  expect(findings.at(-1)?.what).toBe('client_secret_jwt works');
  expect(none.grants.map(({ body }) => new URLSearchParams(body).get('client_assertion_type') !== null)).toEqual([
    false,
    true,
  ]);
});
