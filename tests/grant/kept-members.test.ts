import { expect, test } from '@jest/globals';

import { ConfigurationError, InvalidTokenResponseError } from '../../src/core/errors.js';
import { createTokenService } from '../../src/service/token-service.js';
import { memoryStore } from '../../src/stores/memory.js';
import { granted, startAuthorizationServer } from '../support/authorization-server.js';
import { fakeClock } from '../support/clock.js';
import { granting, linesThatShow } from '../support/grant-outcome.js';

const further = {
  instance_url: 'https://a.my.example',
  level: 7,
  refresh_token: 'r3fresh',
  id_token: 'e30.e30.e30',
  nested: { a: 1 },
  list: ['a'],
  flag: true,
  nothing: null,
};

test('a token keeps the named members that are strings or numbers, frozen [A56]', async () => {
  const server = await startAuthorizationServer();
  server.script(granted('t', further));
  const keepMembers = ['instance_url', 'level', 'nested', 'list', 'flag', 'nothing', 'absent', 'toString'];
  const { tokens } = granting({ tokenEndpoint: server.tokenEndpoint, keepMembers });

  const { members } = await tokens.getToken();

  expect(members).toEqual({ instance_url: 'https://a.my.example', level: 7 });
  expect(Object.isFrozen(members)).toBe(true);
});

test('a token keeps no members by default, and prints none [A56]', async () => {
  const server = await startAuthorizationServer();
  server.script(granted('t', further));
  const plain = await granting({ tokenEndpoint: server.tokenEndpoint }).tokens.getToken();
  const keeping = await granting({
    tokenEndpoint: server.tokenEndpoint,
    keepMembers: ['instance_url'],
  }).tokens.getToken();

  expect(plain.members).toEqual({});
  expect(Object.isFrozen(plain.members)).toBe(true);
  expect(linesThatShow('a.my.example', keeping)).toEqual([]);
  expect(linesThatShow('r3fresh', keeping)).toEqual([]);
});

test.each(['refresh_token', 'id_token', 'access_token'])('"%s" cannot be kept [A56]', (name) => {
  const make = () =>
    createTokenService({ issuer: 'https://a.example', clientId: 'a', clientSecret: 's', keepMembers: ['a', name] });

  expect(make).toThrow(ConfigurationError);
  expect(make).toThrow(`"keepMembers" must not name "${name}": it is a secret`);
});

test('members of up to 4 KiB are kept, and longer ones are an error [A56]', async () => {
  const server = await startAuthorizationServer();
  const { tokens, failure } = granting({ tokenEndpoint: server.tokenEndpoint, keepMembers: ['a', 'b'] });
  server.script(granted('t', { a: 'x'.repeat(4_000) }), granted('t', { a: 'x'.repeat(2_500), b: 'x'.repeat(2_500) }));

  const { members } = await tokens.getToken();
  const error = await failure();

  expect(members).toHaveProperty('a');
  expect(error).toBeInstanceOf(InvalidTokenResponseError);
  expect(String(error)).toContain('the members of "keepMembers" are longer than 4 KiB');
});

test('replicas share the members of a token, unless they keep others [A56 D7]', async () => {
  const clock = fakeClock();
  const server = await startAuthorizationServer();
  server.script((_request) => granted(`token-${server.grants.length}`, further));
  const store = memoryStore({ clock });
  const replica = (keepMembers: readonly string[]) =>
    createTokenService({
      tokenEndpoint: server.tokenEndpoint,
      clientId: 'orders',
      clientSecret: 's',
      keepMembers,
      store,
      clock,
    });

  const one = await replica(['instance_url', 'level']).getToken();
  const same = await replica(['level', 'instance_url']).getToken();
  const other = await replica([]).getToken();

  expect([one.value, same.value, other.value]).toEqual(['token-1', 'token-1', 'token-2']);
  expect(same.members).toEqual({ instance_url: 'https://a.my.example', level: 7 });
  expect(other.members).toEqual({});
});
