import { expect, test } from '@jest/globals';

import { privateKeyJwt } from '../../../../../src/authentication/private-key-jwt.js';
import { checkCredentials, checkSettings } from '../../../../../src/cli/commands/doctor/checks/settings.js';
import { CommandError } from '../../../../../src/cli/io/command-error.js';
import type { SettingName } from '../../../../../src/cli/settings/definitions.js';
import { credentialsOf, settingsOf } from '../../../../support/settings.js';

const complete = { issuer: 'https://auth.example.com', clientId: 'orders', clientSecret: 'c4n4ry' };

const check = (values: Partial<Record<SettingName, string>>) =>
  checkSettings(
    Object.fromEntries(Object.entries(values).map(([name, value]) => [name, { value, source: 'somewhere' }])),
  );

test('reports each setting with its source, without the secret [F4]', () => {
  expect(check(complete)).toEqual([
    { verdict: 'info', what: 'issuer https://auth.example.com (somewhere)' },
    { verdict: 'info', what: 'clientId orders (somewhere)' },
    { verdict: 'info', what: 'clientSecret (somewhere)' },
    { verdict: 'pass', what: 'the settings are complete and well-formed' },
  ]);
});

test.each<[string, Partial<Record<SettingName, string>>, string]>([
  ['no server', { clientId: 'orders' }, 'OAUTH_ISSUER or OAUTH_TOKEN_ENDPOINT is missing'],
  ['no client', { tokenEndpoint: 'https://a/token' }, 'OAUTH_CLIENT_ID is missing'],
  ['no https', { ...complete, issuer: 'http://auth.example.com' }, '--issuer must be an https URL'],
  ['no URL', { ...complete, issuer: 'auth.example.com' }, '--issuer must be an absolute URL'],
  ['a malformed scope', { ...complete, scope: 'a"b' }, '--scope holds'],
  ['a malformed resource', { ...complete, resource: '/orders' }, '--resource must be an absolute URI'],
])('fails: %s [F5]', (_, values, what) => {
  const found = check(values).filter(({ verdict }) => verdict !== 'info');

  expect(found).toMatchObject([{ verdict: 'fail', what: expect.stringContaining(what), exitCode: 2 }]);
});

test('fails twice if both are missing', () => {
  expect(check({}).map(({ verdict }) => verdict)).toEqual(['fail', 'fail']);
});

test('fails an unknown client authentication', () => {
  expect(check({ ...complete, authMethod: 'no' }).at(-1)).toMatchObject({
    verdict: 'fail',
    what: 'the client authentication "no" is unknown',
    exitCode: 2,
  });
});

test('fails a switch that is neither true nor false', () => {
  expect(check({ ...complete, dpop: 'yes' }).at(-1)).toMatchObject({ verdict: 'fail', exitCode: 2 });
});

const secretOf = settingsOf({ clientSecret: 'any' });
const made = (secret: string) => ({ credentials: credentialsOf({ secret }) });

test.each(['s3cret ', '\ns3cret'])(
  'warns about white space around the secret, and names it [F2 F12]',
  async (secret) => {
    expect(await checkCredentials(secretOf, async () => made(secret))).toMatchObject({
      made: made(secret),
      findings: [
        {
          verdict: 'warn',
          what: expect.stringMatching(/^the client secret from test (ends with a space|begins with a line feed)$/),
        },
      ],
    });
  },
);

test('fails without a secret', async () => {
  const read = () => Promise.reject(new CommandError('the secret is missing', { advice: 'set it' }));

  expect(await checkCredentials(secretOf, read)).toEqual({
    findings: [{ verdict: 'fail', what: 'the secret is missing', advice: 'set it', exitCode: 2 }],
  });
});

test('fails a malformed key [F6]', async () => {
  const read = async () => ({ ...made(''), authentication: privateKeyJwt({ key: 'none' }) });

  expect(await checkCredentials(secretOf, read)).toMatchObject({
    findings: [{ verdict: 'fail', what: expect.stringContaining('private key'), exitCode: 2 }],
  });
});

test('reports nothing about a usable secret, and throws on a defect', async () => {
  expect(await checkCredentials(secretOf, async () => made('s3 cret'))).toEqual({
    made: made('s3 cret'),
    findings: [],
  });
  await expect(checkCredentials(secretOf, () => Promise.reject(new Error('oh')))).rejects.toThrow('oh');
});
