import { expect, test } from '@jest/globals';

import { examine } from '../../../../src/cli/commands/doctor/diagnose.js';
import type { Finding } from '../../../../src/cli/commands/doctor/finding.js';
import { readSettings } from '../../../../src/cli/settings/settings.js';
import { granted, refused, startAuthorizationServer } from '../../../support/authorization-server.js';
import { assertionIn } from '../../../support/client-assertions.js';
import { commandContext, settingsFor } from '../../../support/command.js';
import { startResourceServer } from '../../../support/resource-server.js';

/** What is found with these settings. */
async function examined(
  environment: Record<string, string>,
  { api, triesMethods = false }: { api?: string; triesMethods?: boolean } = {},
) {
  const { context } = commandContext({ environment });
  const settings = await readSettings({}, context);
  const findings: Finding[] = [];
  const url = api === undefined ? undefined : new URL(api);
  for await (const finding of examine({ settings, api: url, triesMethods }, context)) findings.push(finding);
  return { findings, summary: findings.map(({ verdict, what }) => `${verdict}: ${what}`).join('\n') };
}

async function discovered(metadata: object = {}) {
  const server = await startAuthorizationServer({ metadata });
  const { OAUTH_TOKEN_ENDPOINT: _none, ...rest } = settingsFor('');
  return { server, environment: { ...rest, OAUTH_ISSUER: server.origin } };
}

test('goes from the settings to the answer of the API', async () => {
  const { server, environment } = await discovered({ token_endpoint_auth_methods_supported: ['client_secret_basic'] });
  const api = await startResourceServer();
  server.script(granted('t', { scope: 'a' }));

  const { findings, summary } = await examined({ ...environment, OAUTH_SCOPE: 'a b' }, { api: `${api.origin}/orders` });

  expect(findings.map(({ verdict }) => verdict).filter((verdict) => verdict !== 'good')).toEqual(['doubtful']);
  const steps = [
    'issuer ',
    'clientId ',
    'clientSecret ',
    'scope ',
    'has the address',
    'the metadata',
    'the server supports',
    'the clock',
    'a token was granted',
    '"b" is missing',
    'the token is valid for 1 h',
    'has the address',
    'answered 200',
  ];
  expect(summary).toMatch(new RegExp(steps.join('[^]*')));
  expect(server.grants).toHaveLength(1);
});

test('with a token endpoint there are no metadata to look at', async () => {
  const server = await startAuthorizationServer();
  server.script(granted('t', { expires_in: undefined }));

  const { summary } = await examined(settingsFor(server.tokenEndpoint));

  expect(summary).toContain('the server does not say how long');
  expect(server.requests).toHaveLength(1);
});

test.each<[string, Record<string, string>, string]>([
  ['a missing setting', { OAUTH_CLIENT_ID: '' }, 'OAUTH_CLIENT_ID is missing'],
  ['an unreadable secret', { OAUTH_CLIENT_SECRET: '', OAUTH_CLIENT_SECRET_FILE: '/nonexistent' }, 'cannot be read'],
  ['a wrong issuer', { OAUTH_ISSUER: 'http://127.0.0.1:1' }, 'takes no connection'],
])('%s ends the examination', async (_, changes, what) => {
  const { server, environment } = await discovered();

  const { findings } = await examined({ ...environment, ...changes });

  expect(findings.at(-1)).toMatchObject({ verdict: 'bad', what: expect.stringContaining(what) });
  expect(server.requests).toEqual([]);
});

test('bad metadata end it, and so does a server that takes no secret', async () => {
  const wrong = await discovered({ issuer: 'https://other' });
  const secretless = await discovered({ token_endpoint_auth_methods_supported: ['private_key_jwt'] });

  expect((await examined(wrong.environment)).findings.at(-1)).toMatchObject({ verdict: 'bad', exitCode: 2 });
  expect((await examined(secretless.environment)).summary).toContain('does not take the secret itself');
  expect([...wrong.server.grants, ...secretless.server.grants]).toEqual([]);
});

test('a token endpoint elsewhere is looked for too', async () => {
  const { environment } = await discovered({ token_endpoint: 'http://127.0.0.1:1/token' });

  const { findings } = await examined(environment);

  expect(findings.at(-1)?.what).toContain('takes no connection at port 1');
});

test('a certificate that is not presented is not looked at', async () => {
  const { environment } = await discovered();

  const { summary } = await examined({ ...environment, OAUTH_CERTIFICATE_FILE: 'package.json' });

  expect(summary).toContain('a token was granted');
  expect(summary).not.toContain('the client certificate is');
});

test('an API that cannot be reached is found after the grant', async () => {
  const { environment } = await discovered();

  const { findings } = await examined(environment, { api: 'http://127.0.0.1:1' });

  expect(findings.at(-1)).toMatchObject({ verdict: 'bad', exitCode: 6 });
});

test.each([
  [['client_secret_basic', 'client_secret_post'], 'set --auth-method client_secret_post, or OAUTH_AUTH_METHOD'],
  [['client_secret_basic'], /^set --auth-method client_secret_post, and --token-endpoint http.*\/token: /],
])('a method that works is found, in the metadata or not: %j', async (supported, advice) => {
  const { server, environment } = await discovered({ token_endpoint_auth_methods_supported: supported });
  server.script(({ body }) => (body.includes('client_secret=') ? granted('t') : refused('invalid_client')));

  const { findings } = await examined(environment, { triesMethods: true });

  expect(findings.at(-1)).toMatchObject({ verdict: 'good', advice: expect.stringMatching(advice) });
});

test('what the metadata list is tried as it would be used: an assertion is for the issuer [R-45]', async () => {
  const { server, environment } = await discovered({
    token_endpoint_auth_methods_supported: ['client_secret_basic', 'client_secret_jwt'],
  });
  server.script(({ body }) => (body.includes('client_assertion=') ? granted('t') : refused('invalid_client')));

  const { findings } = await examined(environment, { triesMethods: true });

  expect(findings.at(-1)?.what).toBe('client_secret_jwt works');
  expect((await assertionIn(server.grants.at(-1))).claims.aud).toBe(server.origin);
});

test.each([
  [false, ['bad'], 1],
  [true, ['bad', 'good'], 2],
])('invalid_client: other methods are tried when asked for (%p)', async (triesMethods, verdicts, grants) => {
  const { server, environment } = await discovered();
  server.script(({ body }) => (body.includes('client_secret=') ? granted('t') : refused('invalid_client')));

  const { findings } = await examined(environment, { triesMethods });

  const index = findings.findIndex(({ verdict }) => verdict === 'bad');
  expect(findings.slice(index).map(({ verdict }) => verdict)).toEqual(verdicts);
  expect(server.grants).toHaveLength(grants);
});
