import { expect, test } from '@jest/globals';

import { privateKeyJwt } from '../../../../../src/authentication/private-key-jwt.js';
import { checkCredentials, checkSettings } from '../../../../../src/cli/commands/doctor/checks/settings.js';
import { CommandError } from '../../../../../src/cli/io/command-error.js';
import type { SettingName } from '../../../../../src/cli/settings/definitions.js';
import { credentialsOf } from '../../../../support/settings.js';

const complete = { issuer: 'https://auth.example.com', clientId: 'orders', clientSecret: 'c4n4ry' };

const check = (values: Partial<Record<SettingName, string>>) =>
  checkSettings(
    Object.fromEntries(Object.entries(values).map(([name, value]) => [name, { value, source: 'somewhere' }])),
  );

test('each setting is told with where it came from, the secret without its value [F4]', () => {
  expect(check(complete)).toEqual([
    { verdict: 'good', what: 'issuer https://auth.example.com (somewhere)' },
    { verdict: 'good', what: 'clientId orders (somewhere)' },
    { verdict: 'good', what: 'clientSecret [redacted] (somewhere)' },
  ]);
});

test.each<[string, Partial<Record<SettingName, string>>, string]>([
  ['no server', { clientId: 'orders' }, 'OAUTH_ISSUER or OAUTH_TOKEN_ENDPOINT is missing'],
  ['no client', { tokenEndpoint: 'https://a/token' }, 'OAUTH_CLIENT_ID is missing'],
  ['no https', { ...complete, issuer: 'http://auth.example.com' }, '--issuer must be an https URL'],
  ['no URL', { ...complete, issuer: 'auth.example.com' }, '--issuer must be an absolute URL'],
  ['a scope that is none', { ...complete, scope: 'a"b' }, '--scope holds'],
  ['a resource that is none', { ...complete, resource: '/orders' }, '--resource must be an absolute URI'],
])('found: %s [F5]', (_, values, what) => {
  const found = check(values).filter(({ verdict }) => verdict !== 'good');

  expect(found).toMatchObject([{ verdict: 'bad', what: expect.stringContaining(what), exitCode: 2 }]);
});

test('both are found when both are missing', () => {
  expect(check({}).map(({ verdict }) => verdict)).toEqual(['bad', 'bad']);
});

test('found: a client authentication that there is none of', () => {
  expect(check({ ...complete, authMethod: 'no' }).at(-1)).toMatchObject({
    verdict: 'bad',
    what: 'there is no client authentication "no"',
    exitCode: 2,
  });
});

test('found: a switch that is neither on nor off', () => {
  expect(check({ ...complete, dpop: 'yes' }).at(-1)).toMatchObject({ verdict: 'bad', exitCode: 2 });
});

const made = (secret: string) => ({ credentials: credentialsOf({ secret }) });

test.each(['s3cret ', '\ns3cret'])('found: white space around the secret [F2]', async (secret) => {
  expect(await checkCredentials(async () => made(secret))).toMatchObject({
    made: made(secret),
    findings: [{ verdict: 'doubtful', what: 'the client secret begins or ends with white space' }],
  });
});

test('found: no secret', async () => {
  const read = () => Promise.reject(new CommandError('there is none', { advice: 'make one' }));

  expect(await checkCredentials(read)).toEqual({
    findings: [{ verdict: 'bad', what: 'there is none', advice: 'make one', exitCode: 2 }],
  });
});

test('found: a key that is none [F6]', async () => {
  const read = async () => ({ ...made(''), authentication: privateKeyJwt({ key: 'none' }) });

  expect(await checkCredentials(read)).toMatchObject({
    findings: [{ verdict: 'bad', what: expect.stringContaining('private key'), exitCode: 2 }],
  });
});

test('a secret without such is not worth a word, and a defect is no finding', async () => {
  expect(await checkCredentials(async () => made('s3 cret'))).toEqual({ made: made('s3 cret'), findings: [] });
  await expect(checkCredentials(() => Promise.reject(new Error('oh')))).rejects.toThrow('oh');
});
