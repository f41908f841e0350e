import { readFileSync } from 'node:fs';
import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';

import { beforeEach, expect, test } from '@jest/globals';
import { decodeJwt, decodeProtectedHeader } from 'jose';

import { clientCertificates } from '../support/client-certificates.js';
import { unsignedJwt } from '../support/identity-tokens.js';
import { signingKey } from '../support/signing-keys.js';
import { temporaryFolder } from '../support/temporary-folder.js';
import { firstRequestOf, programBelow, type SentRequest } from './guide-program.js';

const guide = 'servers.md';
const tokenEndpoint = 'https://auth.example.com/token';
const basic = `Basic ${Buffer.from('client:secret').toString('base64')}`;
const clientCredentials = { grant_type: 'client_credentials' };
const form = expect.stringMatching(/^application\/x-www-form-urlencoded/);

const { pem } = await signingKey('RS256');
let env: Record<string, string> = {};
beforeEach(async () => {
  const folder = await temporaryFolder();
  const write = async (name: string, content: string) => {
    const path = join(folder, name);
    await writeFile(path, content);
    return path;
  };
  const { key, certificate } = clientCertificates.first;
  const account = { client_email: 'orders@PROJECT.iam', private_key: pem, private_key_id: 'key-1' };
  env = {
    CLIENT_ID: 'client',
    CLIENT_SECRET: 'secret',
    TENANT_ID: 'TENANT',
    KEY_FILE: await write('key.pem', key),
    CERTIFICATE_FILE: await write('certificate.pem', certificate),
    ACCOUNT_FILE: await write('account.json', JSON.stringify(account)),
    TOKEN_FILE: await write('token', unsignedJwt({ iss: 'https://cluster.example', sub: 'orders', exp: 4e9 })),
  };
});

const requestOf = (server: string, change = (program: string) => program): Promise<SentRequest> =>
  firstRequestOf(change(programBelow(guide, server)), env);

test('the table lists each server that has a section', () => {
  const text = readFileSync(join(import.meta.dirname, '../../examples/guides', guide), 'utf8');
  const rows = [...text.matchAll(/^\| \[(.+?)\]/gm)].map(([, name]) => name);

  expect(rows).toHaveLength(11);
  expect([...text.matchAll(/^## (.+)$/gm)].map(([, name]) => name)).toEqual(rows);
});

test.each([
  ['Keycloak', 'https://HOST/realms/REALM', {}],
  ['Auth0', 'https://TENANT.eu.auth0.com/', { audience: 'https://api.example.com/orders' }],
  ['Amazon Cognito', 'https://cognito-idp.REGION.amazonaws.com/POOL_ID', { scope: 'RESOURCE_SERVER/read' }],
  ['ZITADEL', 'https://INSTANCE.zitadel.cloud', { scope: 'openid urn:zitadel:iam:org:project:id:PROJECT_ID:aud' }],
  ['Salesforce', 'https://DOMAIN.my.salesforce.com', {}],
])('the program for %s sends the secret in the header', async (server, issuer, parameters) => {
  expect(await requestOf(server)).toEqual({
    issuer,
    url: tokenEndpoint,
    contentType: form,
    authorization: basic,
    parameters: { ...clientCredentials, ...parameters },
  });
});

test('the program for PingOne sends the secret in the body', async () => {
  expect(await requestOf('PingOne')).toEqual({
    issuer: 'https://auth.pingone.eu/ENVIRONMENT_ID/as',
    url: tokenEndpoint,
    contentType: form,
    authorization: null,
    parameters: { ...clientCredentials, client_id: 'client', client_secret: 'secret', scope: 'orders:read' },
  });
});

test('the program for Entra ID signs with the key of a certificate', async () => {
  // The certificate of the tests has an EC key.
  const { parameters } = await requestOf('Entra ID', (program) => program.replace('PS256', 'ES256'));
  const assertion = String(parameters['client_assertion']);

  expect(parameters).toMatchObject({ ...clientCredentials, scope: 'api://APP/.default' });
  expect(decodeProtectedHeader(assertion)).toEqual({ alg: 'ES256', typ: 'JWT', 'x5t#S256': expect.any(String) });
  expect(decodeJwt(assertion).aud).toBe('https://login.microsoftonline.com/TENANT/oauth2/v2.0/token');
});

test('the program for Okta signs with a key', async () => {
  const { issuer, parameters } = await requestOf('Okta');
  const assertion = String(parameters['client_assertion']);

  expect(issuer).toBe('https://ORG.okta.com/oauth2/default');
  expect(parameters).toMatchObject({ ...clientCredentials, scope: 'orders:read' });
  expect(decodeProtectedHeader(assertion)).toMatchObject({ kid: 'KEY_ID' });
  expect(decodeJwt(assertion).aud).toBe('https://ORG.okta.com/oauth2/default/v1/token');
});

test('the program for Google signs an assertion with the scope', async () => {
  env['KEY_FILE'] = env['ACCOUNT_FILE'] ?? '';

  const { url, parameters, authorization } = await requestOf('Google');

  expect({ url, authorization }).toEqual({ url: 'https://oauth2.googleapis.com/token', authorization: null });
  expect(parameters).toEqual({
    grant_type: 'urn:ietf:params:oauth:grant-type:jwt-bearer',
    assertion: expect.any(String),
  });
  expect(decodeJwt(String(parameters['assertion']))).toMatchObject({
    iss: 'orders@PROJECT.iam',
    aud: 'https://oauth2.googleapis.com/token',
    scope: 'https://www.googleapis.com/auth/cloud-platform',
  });
});

test.each([
  [
    'Claude API',
    'https://api.anthropic.com/v1/oauth/token',
    {
      grant_type: 'urn:ietf:params:oauth:grant-type:jwt-bearer',
      assertion: expect.any(String),
      federation_rule_id: 'fdrl_RULE',
      organization_id: 'ORGANIZATION_ID',
      service_account_id: 'svac_ACCOUNT',
    },
  ],
  [
    'OpenAI API',
    'https://auth.openai.com/oauth/token',
    {
      grant_type: 'urn:ietf:params:oauth:grant-type:token-exchange',
      subject_token: expect.any(String),
      subject_token_type: 'urn:ietf:params:oauth:token-type:jwt',
      identity_provider_id: 'PROVIDER_ID',
      service_account_id: 'ACCOUNT_ID',
    },
  ],
])('the program for the %s sends the documented parameters as JSON', async (server, url, parameters) => {
  expect(await requestOf(server)).toEqual({
    issuer: 'none',
    url,
    contentType: 'application/json',
    authorization: null,
    parameters,
  });
});
