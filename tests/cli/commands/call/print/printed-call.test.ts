import { expect, test } from '@jest/globals';

import type { ApiRequest } from '../../../../../src/cli/commands/call/api-request.js';
import { printedCall } from '../../../../../src/cli/commands/call/print/printed-call.js';
import { readSettings } from '../../../../../src/cli/settings/settings.js';
import { startAuthorizationServer } from '../../../../support/authorization-server.js';
import { commandContext } from '../../../../support/command.js';

const request: ApiRequest = { method: 'GET', url: new URL('https://api.example.com/'), headers: [], body: undefined };
const OAUTH_TOKEN_ENDPOINT = 'https://auth.example.com/token';

async function printed(environment: Record<string, string>, changes: Partial<ApiRequest> = {}) {
  const { context } = commandContext({ environment: { OAUTH_CLIENT_ID: 'orders', ...environment } });
  return printedCall({ ...request, ...changes }, await readSettings({}, context), context);
}

test('has the request and the token request', async () => {
  const settings = { OAUTH_SCOPE: 'a b', OAUTH_AUDIENCE: 'x', OAUTH_RESOURCE: 'https://c https://d' };

  expect(await printed({ OAUTH_TOKEN_ENDPOINT, ...settings }, { body: Buffer.from('é') })).toEqual({
    tokenEndpoint: OAUTH_TOKEN_ENDPOINT,
    clientId: 'orders',
    authMethod: 'client_secret_basic',
    certificate: undefined,
    form: [
      ['grant_type', 'client_credentials'],
      ['scope', 'a b'],
      ['audience', 'x'],
      ['resource', 'https://c'],
      ['resource', 'https://d'],
    ],
    method: 'GET',
    url: 'https://api.example.com/',
    headers: [],
    body: 'é',
  });
});

test('has the token endpoint and the method of the metadata', async () => {
  const metadata = { token_endpoint_auth_methods_supported: ['client_secret_post'] };
  const { origin, tokenEndpoint } = await startAuthorizationServer({ metadata });

  expect(await printed({ OAUTH_ISSUER: origin })).toMatchObject({ tokenEndpoint, authMethod: 'client_secret_post' });
});

test.each([[7], ['client_secret_post'], [null]])(
  'takes methods that are no list (%j) for none, as a grant does',
  async (methods) => {
    const { origin } = await startAuthorizationServer({ metadata: { token_endpoint_auth_methods_supported: methods } });

    expect(await printed({ OAUTH_ISSUER: origin })).toMatchObject({ authMethod: 'client_secret_basic' });
  },
);

test('prints no method that the metadata does not list', async () => {
  const { origin } = await startAuthorizationServer({ metadata: { token_endpoint_auth_methods_supported: ['none'] } });

  await expect(printed({ OAUTH_ISSUER: origin })).rejects.toThrow('does not support client_secret_basic');
});

test('has the files of the certificate, and the endpoint for mutual TLS [R-50]', async () => {
  const mtls = 'https://mtls.example.com/token';
  const { origin } = await startAuthorizationServer({ metadata: { mtls_endpoint_aliases: { token_endpoint: mtls } } });
  const files = { OAUTH_CERTIFICATE_FILE: 'package.json', OAUTH_KEY_FILE: 'tsconfig.json' };

  expect(await printed({ OAUTH_ISSUER: origin, ...files })).toMatchObject({
    tokenEndpoint: mtls,
    authMethod: 'tls_client_auth',
    certificate: { certificateFile: 'package.json', keyFile: 'tsconfig.json' },
  });
});

test('does not print a key in place of a path [F11]', async () => {
  const files = { OAUTH_CERTIFICATE_FILE: 'package.json', OAUTH_KEY_FILE: 'c4n4ry' };

  await expect(printed({ OAUTH_TOKEN_ENDPOINT, ...files })).rejects.toMatchObject({
    message: 'the private key cannot be read: environment OAUTH_KEY_FILE is not the path of a file (ENOENT)',
  });
});

test('has further parameters', async () => {
  const { form } = await printed({ OAUTH_TOKEN_ENDPOINT, OAUTH_PARAMETER: 'tenant=a+b' });

  expect(form).toContainEqual(['tenant', 'a b']);
});

test('has the configured method', async () => {
  const OAUTH_AUTH_METHOD = 'client_secret_post';

  expect(await printed({ OAUTH_TOKEN_ENDPOINT, OAUTH_AUTH_METHOD })).toMatchObject({ authMethod: OAUTH_AUTH_METHOD });
});

test.each([
  ['private_key_jwt', { OAUTH_KEY_FILE: '/key' }],
  ['client_secret_basic:form', { OAUTH_AUTH_METHOD: 'client_secret_basic:form' }],
  ['DPoP', { OAUTH_DPOP: 'true' }],
])('refuses %s, which the tools do not support', async (name, settings) => {
  await expect(printed({ OAUTH_TOKEN_ENDPOINT, ...settings })).rejects.toMatchObject({
    message: `--print does not support ${name}`,
    exitCode: 2,
  });
});

test('refuses a binary body', async () => {
  const printing = printed({ OAUTH_TOKEN_ENDPOINT }, { body: Buffer.from([255, 0]) });

  await expect(printing).rejects.toThrow('--print does not support a binary body');
});

test('needs a server', async () => {
  await expect(printed({})).rejects.toThrow('OAUTH_ISSUER or OAUTH_TOKEN_ENDPOINT is missing');
});
