import { expect, test } from '@jest/globals';

import {
  type InvalidClientFacts,
  reasonsForInvalidClient,
  tryMethods,
} from '../../../src/cli/doctor/invalid-client.js';
import { clientSecretBasic } from '../../../src/grant/client-authentication.js';
import { authMethods } from '../../../src/cli/settings/service-options.js';
import { createTokenService } from '../../../src/token-service.js';
import type { TokenServiceOptions } from '../../../src/token-service-options.js';
import { granted, refused, startAuthorizationServer } from '../../support/authorization-server.js';
import type { RecordedRequest } from '../../support/http-server.js';

const facts: InvalidClientFacts['facts'] = { issuer: 'https://a', token_endpoint: 'https://a/token' };
const prepared = await authMethods['client_secret_basic']?.('s3cret').prepare('orders', facts);

const reasons = (changes: Partial<InvalidClientFacts> = {}) =>
  reasonsForInvalidClient({
    prepared: prepared as InvalidClientFacts['prepared'],
    secret: 's3cret',
    clientId: 'orders',
    facts,
    triesMethods: false,
    ...changes,
  });

test('the usual reasons, the likeliest first', () => {
  expect(reasons()).toEqual([
    'the secret is wrong, has expired or was replaced: make another one for "orders"',
    '"orders" is unknown or disabled there: is it the right environment or tenant?',
    'another method than client_secret_basic is registered for this client',
    '--try-methods tries the other methods; each one counts as a failed sign-in',
  ]);
});

test('what something speaks for comes before', async () => {
  const doubtful = await authMethods['client_secret_basic']?.('a+b ').prepare('orders', facts);

  const [first, second, third] = reasons({
    prepared: doubtful as InvalidClientFacts['prepared'],
    secret: 'a+b ',
    facts: { ...facts, token_endpoint_auth_methods_supported: ['client_secret_post'] },
  });

  expect(first).toContain('white space');
  expect(second).toBe('it was sent by client_secret_basic, but the server supports client_secret_post');
  expect(third).toContain('a character that servers read in different ways');
});

test('trying the methods is not proposed while they are tried', () => {
  expect(reasons({ triesMethods: true }).join()).not.toContain('--try-methods');
});

/** Tries the methods at a server that takes what `takes` says. */
async function tried(secret: string, takes: (request: RecordedRequest) => boolean) {
  const server = await startAuthorizationServer();
  server.script((request) => (takes(request) ? granted('t') : refused('invalid_client', { status: 401 })));
  const { tokenEndpoint } = server;
  const clientAuthentication = clientSecretBasic(secret);
  const open = (options: Partial<TokenServiceOptions>) => createTokenService({ clientId: 'orders', ...options });
  const { signal } = new AbortController();

  const findings = [];
  const options = {
    clientId: 'orders',
    secret,
    facts: { ...facts, token_endpoint: tokenEndpoint },
    clientAuthentication,
    open,
    signal,
  };
  for await (const finding of tryMethods(options)) findings.push(finding);
  return { findings, grants: server.grants };
}

test('another method that works is told with how to set it', async () => {
  const { findings, grants } = await tried('s3cret', ({ body }) => body.includes('client_secret=s3cret'));

  expect(findings).toEqual([
    {
      verdict: 'good',
      what: 'client_secret_post works',
      advice: 'set --auth-method client_secret_post, or OAUTH_AUTH_METHOD',
    },
  ]);
  expect(grants).toHaveLength(1);
});

test('ways to send the header that differ are tried, and nothing after what works', async () => {
  const raw = `Basic ${btoa('orders:a+b')}`;

  const { findings, grants } = await tried('a+b', ({ headers }) => headers.authorization === raw);

  expect(findings.map(({ what }) => what)).toEqual(['client_secret_basic:raw works']);
  expect(grants).toHaveLength(1);
});

test('when none works each says so', async () => {
  const { findings } = await tried('a!b', () => false);

  expect(findings).toMatchObject([
    {
      verdict: 'bad',
      what: expect.stringMatching(/^client_secret_basic:form: .*invalid_client/),
      advice: ['refused, too'],
    },
    { verdict: 'bad', what: expect.stringMatching(/^client_secret_post: /) },
  ]);
});
