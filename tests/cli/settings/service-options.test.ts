import { expect, test } from '@jest/globals';

import { serverOptions, serviceOptions, tokenRequest, usesDpop } from '../../../src/cli/settings/service-options.js';
import { credentialsOf, settingsOf } from '../../support/settings.js';

test('maps the settings to options of the library', async () => {
  const settings = settingsOf({
    issuer: 'https://a',
    clientId: 'orders',
    scope: 'a  b',
    audience: 'x',
    resource: 'https://b https://c',
  });

  const { clientAuthentication, ...options } = await serviceOptions(settings, credentialsOf({ secret: 's' }));

  expect(options).toEqual({
    issuer: 'https://a',
    clientId: 'orders',
    scope: ['a', 'b'],
    audience: ['x'],
    resource: ['https://b', 'https://c'],
    assumeBearer: false,
  });
  expect(clientAuthentication).toBeDefined();
});

test('has further parameters', () => {
  expect(tokenRequest(settingsOf({ parameter: 'tenant=a+b&instance=%26' })).parameters).toEqual({
    tenant: 'a b',
    instance: '&',
  });
});

test.each([
  ['a=c4n4ry&a=c4n4ry', 'test sets a parameter twice'],
  ['=c4n4ry', 'test has a parameter without a name'],
])('refuses the parameters %s, and does not repeat them', (parameter, message) => {
  expect(() => tokenRequest(settingsOf({ parameter }))).toThrow(expect.objectContaining({ message, exitCode: 2 }));
});

test('has DPoP if it is set', async () => {
  const settings = settingsOf({ clientId: 'orders', dpop: 'true' });

  const { dpop } = await serviceOptions(settings, credentialsOf({ secret: 's' }));

  expect(dpop).toMatchObject({ requireBinding: true });
});

test.each([
  [{}, false],
  [{ dpop: 'false' }, false],
  [{ dpop: 'true' }, true],
])('DPoP by %j: %p', (values, expected) => {
  expect(usesDpop(settingsOf(values))).toBe(expected);
});

test('refuses a value that is neither true nor false [F10]', () => {
  const message = 'test must be true or false, not "yes"';
  expect(() => usesDpop(settingsOf({ dpop: 'yes' }))).toThrow(message);
  expect(() => serverOptions(settingsOf({ clientId: 'orders', assumeBearer: 'yes' }))).toThrow(message);
});

test.each([
  ['true', true],
  ['false', false],
])('assumes Bearer tokens if that is set to %s [A42]', (assumeBearer, expected) => {
  expect(serverOptions(settingsOf({ clientId: 'orders', assumeBearer }))).toMatchObject({ assumeBearer: expected });
});

test('refuses a malformed key [F6]', async () => {
  const settings = settingsOf({ clientId: 'orders', keyFile: '/key' });

  await expect(serviceOptions(settings, credentialsOf({ key: 'none' }))).rejects.toMatchObject({
    code: 'ERR_CONFIGURATION',
  });
});

test('requires a client id, and leaves an empty token request empty [F5]', () => {
  expect(() => serverOptions({})).toThrow('OAUTH_CLIENT_ID is missing');
  expect(tokenRequest({})).toEqual({ scope: undefined, audience: undefined, resource: undefined });
});
