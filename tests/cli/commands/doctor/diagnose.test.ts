import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';

import { describe, expect, test } from '@jest/globals';

import { diagnose } from '../../../../src/cli/commands/doctor/diagnose.js';
import type { Finding } from '../../../../src/cli/commands/doctor/finding.js';
import { readSettings } from '../../../../src/cli/settings/settings.js';
import { granted, refused, startAuthorizationServer } from '../../../support/authorization-server.js';
import { assertionIn } from '../../../support/client-assertions.js';
import { commandContext, settingsFor } from '../../../support/command.js';
import type { Answer } from '../../../support/http-server.js';
import { unsignedJwt } from '../../../support/identity-tokens.js';
import { startResourceServer } from '../../../support/resource-server.js';
import { temporaryFolder } from '../../../support/temporary-folder.js';

/** Diagnoses these settings. */
async function diagnosed(
  environment: Record<string, string>,
  { api, triesMethods = false }: { api?: string; triesMethods?: boolean } = {},
) {
  const { context } = commandContext({ environment });
  const settings = await readSettings({}, context);
  const findings: Finding[] = [];
  const url = api === undefined ? undefined : new URL(api);
  for await (const finding of diagnose({ settings, api: url, triesMethods }, context)) findings.push(finding);
  return { findings, summary: findings.map(({ verdict, what }) => `${verdict}: ${what}`).join('\n') };
}

async function discovered(metadata: object = {}) {
  const server = await startAuthorizationServer({ metadata });
  const { OAUTH_TOKEN_ENDPOINT: _none, ...rest } = settingsFor('');
  return { server, environment: { ...rest, OAUTH_ISSUER: server.origin } };
}

test('goes from the settings to the response of the API', async () => {
  const { server, environment } = await discovered({ token_endpoint_auth_methods_supported: ['client_secret_basic'] });
  const api = await startResourceServer();
  server.script(granted('t', { scope: 'a' }));

  const { findings, summary } = await diagnosed(
    { ...environment, OAUTH_SCOPE: 'a b' },
    { api: `${api.origin}/orders` },
  );

  expect(findings.map(({ verdict }) => verdict).filter((verdict) => verdict === 'warn' || verdict === 'fail')).toEqual([
    'warn',
  ]);
  const steps = [
    'issuer ',
    'clientId ',
    'clientSecret ',
    'scope ',
    'has the address',
    'the metadata',
    'the command uses',
    'the clock',
    'the server issued a token',
    '"b" is missing',
    'the token is valid for 1 h',
    'has the address',
    'responded with 200',
  ];
  expect(summary).toMatch(new RegExp(steps.join('[^]*')));
  expect(server.grants).toHaveLength(1);
});

test('reads no metadata with a token endpoint', async () => {
  const server = await startAuthorizationServer();
  server.script(granted('t', { expires_in: undefined }));

  const { summary } = await diagnosed(settingsFor(server.tokenEndpoint));

  expect(summary).toContain('the token response has no expires_in');
  expect(server.requests).toHaveLength(1);
});

test.each<[string, Record<string, string>, string]>([
  ['a missing setting', { OAUTH_CLIENT_ID: '' }, 'OAUTH_CLIENT_ID is missing'],
  ['an unreadable secret', { OAUTH_CLIENT_SECRET: '', OAUTH_CLIENT_SECRET_FILE: '/nonexistent' }, 'cannot be read'],
  ['a wrong issuer', { OAUTH_ISSUER: 'http://127.0.0.1:1' }, 'accepts no connection'],
])('%s ends the diagnosis', async (_, changes, what) => {
  const { server, environment } = await discovered();

  const { findings } = await diagnosed({ ...environment, ...changes });

  expect(findings.at(-1)).toMatchObject({ verdict: 'fail', what: expect.stringContaining(what) });
  expect(server.requests).toEqual([]);
});

test('unusable metadata end it, and so does a server that accepts no secret', async () => {
  const wrong = await discovered({ issuer: 'https://other' });
  const secretless = await discovered({ token_endpoint_auth_methods_supported: ['private_key_jwt'] });

  expect((await diagnosed(wrong.environment)).findings.at(-1)).toMatchObject({ verdict: 'fail', exitCode: 2 });
  expect((await diagnosed(secretless.environment)).summary).toContain('but no method that sends the secret');
  expect([...wrong.server.grants, ...secretless.server.grants]).toEqual([]);
});

test('checks a token endpoint of another origin', async () => {
  const { environment } = await discovered({ token_endpoint: 'http://127.0.0.1:1/token' });

  const { findings } = await diagnosed(environment);

  expect(findings.at(-1)?.what).toContain('accepts no connection at port 1');
});

test('does not check a certificate that it does not present', async () => {
  const { environment } = await discovered();

  const { summary } = await diagnosed({ ...environment, OAUTH_CERTIFICATE_FILE: 'package.json' });

  expect(summary).toContain('the server issued a token');
  expect(summary).not.toContain('the client certificate is');
});

test('an unreachable API fails after the grant', async () => {
  const { environment } = await discovered();

  const { findings } = await diagnosed(environment, { api: 'http://127.0.0.1:1' });

  expect(findings.at(-1)).toMatchObject({ verdict: 'fail', exitCode: 6 });
});

test.each([
  [['client_secret_basic', 'client_secret_post'], 'set --auth-method client_secret_post, or OAUTH_AUTH_METHOD'],
  [['client_secret_basic'], /^set --auth-method client_secret_post, and --token-endpoint http.*\/token, because /],
])('finds a method that works, whether the metadata lists it or not: %j', async (supported, advice) => {
  const { server, environment } = await discovered({ token_endpoint_auth_methods_supported: supported });
  server.script(({ body }) => (body.includes('client_secret=') ? granted('t') : refused('invalid_client')));

  const { findings } = await diagnosed(environment, { triesMethods: true });

  expect(findings.at(-1)).toMatchObject({ verdict: 'pass', advice: expect.stringMatching(advice) });
});

test('tries a listed method with the issuer as the audience of the assertion [R-45]', async () => {
  const { server, environment } = await discovered({
    token_endpoint_auth_methods_supported: ['client_secret_basic', 'client_secret_jwt'],
  });
  server.script(({ body }) => (body.includes('client_assertion=') ? granted('t') : refused('invalid_client')));

  const { findings } = await diagnosed(environment, { triesMethods: true });

  expect(findings.at(-1)?.what).toBe('client_secret_jwt works');
  expect((await assertionIn(server.grants.at(-1))).claims.aud).toBe(server.origin);
});

test.each([
  [false, ['fail'], 1],
  [true, ['fail', 'pass'], 2],
])('tries other methods after invalid_client only with the flag (%p)', async (triesMethods, verdicts, grants) => {
  const { server, environment } = await discovered();
  server.script(({ body }) => (body.includes('client_secret=') ? granted('t') : refused('invalid_client')));

  const { findings } = await diagnosed(environment, { triesMethods });

  const index = findings.findIndex(({ verdict }) => verdict === 'fail');
  expect(findings.slice(index).map(({ verdict }) => verdict)).toEqual(verdicts);
  expect(server.grants).toHaveLength(grants);
});

describe('with a grant that is based on a token', () => {
  const jwtBearer = 'urn:ietf:params:oauth:grant-type:jwt-bearer';

  /** Diagnoses the JWT bearer grant of a client without credentials. */
  async function ofAssertion(metadata: object, response?: Answer, more: Record<string, string> = {}) {
    const { server } = await discovered(metadata);
    if (response !== undefined) server.script(response);
    const OAUTH_ASSERTION_FILE = join(await temporaryFolder(), 'assertion');
    const exp = Math.floor(Date.now() / 1_000) + 600;
    await writeFile(OAUTH_ASSERTION_FILE, unsignedJwt({ iss: 'https://platform', sub: 's', aud: 'other', exp }));
    const environment = { OAUTH_ISSUER: server.origin, OAUTH_GRANT: 'jwt_bearer', OAUTH_ASSERTION_FILE, ...more };
    return diagnosed(environment, { triesMethods: true });
  }

  test('reports the assertion, its audience and the grant, without a client', async () => {
    const { summary } = await ofAssertion({ grant_types_supported: [jwtBearer] });

    expect(summary).toMatch(/pass: the assertion comes from [^]*warn: the assertion is for other[^]*issued a token/);
    expect(summary).toContain(`pass: the server supports the grant ${jwtBearer}`);
    expect(summary).not.toContain('fail');
  });

  test('explains invalid_grant', async () => {
    const { findings } = await ofAssertion({}, refused('invalid_grant'));

    expect(findings.at(-1)).toMatchObject({
      verdict: 'fail',
      exitCode: 3,
      advice: [
        expect.stringContaining('is for other'),
        expect.stringContaining('https://platform'),
        expect.any(String),
      ],
    });
  });

  test('names a grant that the metadata do not list, and the lack of client authentication', async () => {
    const { summary, findings } = await ofAssertion(
      { grant_types_supported: ['client_credentials'] },
      refused('invalid_client', { status: 401 }),
    );

    expect(summary).toContain(`warn: the metadata does not list the grant ${jwtBearer}, but client_credentials`);
    expect(findings.at(-1)?.advice).toEqual([
      'this server may require that the client authenticates: set --client-id and a credential',
    ]);
  });

  test('names the grant that must be enabled', async () => {
    const { findings } = await ofAssertion({}, refused('unauthorized_client'), { OAUTH_CLIENT_ID: 'orders' });

    expect(findings.flatMap(({ advice = [] }) => advice)).toContain(
      'the jwt bearer grant must be enabled for this client',
    );
  });
});
