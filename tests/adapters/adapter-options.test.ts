import { expect, test } from '@jest/globals';

import { adapterOptions } from '../../src/adapters/adapter-options.js';
import { ConfigurationError } from '../../src/core/errors.js';
import type { TokenEvent } from '../../src/core/events.js';
import { staticToken } from '../../src/service/static-token.js';

const tokens = staticToken('token');

test('has defaults for all options', () => {
  const { origins, tokenRequestOf, resend, emit } = adapterOptions('an adapter', tokens, {});

  expect({ origins, request: tokenRequestOf?.(), resend }).toEqual({
    origins: undefined,
    request: undefined,
    resend: 'all',
  });
  expect(() => emit({ type: 'token.evicted', requestedScope: 'a', scope: 'a' })).not.toThrow();
});

test('converts URLs to origins [E11]', () => {
  const { origins } = adapterOptions('an adapter', tokens, { origins: ['HTTPS://API.example.com:443/'] });

  expect(origins).toEqual(['https://api.example.com']);
});

test('returns the token request from an object or from a function of the outgoing request [E21]', () => {
  const request = { scope: 'orders:read' };
  const fixed = adapterOptions<[path: string]>('an adapter', tokens, { tokenRequest: request });
  const asked = adapterOptions<[path: string]>('an adapter', tokens, {
    tokenRequest: (path) => ({ parameters: { path } }),
  });

  expect(fixed.tokenRequestOf?.('/orders')).toBe(request);
  expect(asked.tokenRequestOf?.('/orders')).toEqual({ parameters: { path: '/orders' } });
});

test.each([
  ['replay', 'resend'],
  ['request', 'tokenRequest'],
  ['token', 'tokenRequest'],
  ['origin', 'origins'],
])('rejects the unknown option "%s" and suggests "%s" [F10]', (name, nearest) => {
  expect(() => adapterOptions('an adapter', tokens, { [name]: false })).toThrow(
    `an adapter has no option "${name}"; did you mean "${nearest}"?`,
  );
});

test('passes events to the sink', () => {
  const events: TokenEvent[] = [];

  adapterOptions('an adapter', tokens, { onEvent: (event) => events.push(event) }).emit({
    type: 'token.evicted',
    requestedScope: 'a',
    scope: undefined,
  });

  expect(events).toEqual([{ type: 'token.evicted', requestedScope: 'a', scope: undefined }]);
});

test.each<[object, RegExp]>([
  [{ orgins: [] }, /an adapter has no option "orgins"; did you mean "origins"/],
  [{ origins: 'https://api.example.com' }, /"origins" of an adapter must be a list of strings/],
  [{ origins: ['http://api.example.com'] }, /http:\/\/api\.example\.com.*https/],
  [{ origins: ['https://api.example.com/v1'] }, /write "https:\/\/api\.example\.com"/],
  [{ request: 'orders:read' }, /"request"/],
  [{ resend: 'sometimes' }, /"resend".*"all" or "safe" or "never"/],
  [{ isRejected: true }, /"isRejected".*a function/],
  [{ onEvent: {} }, /"onEvent".*a function/],
])('refuses the options %j [F10 E20]', (options, message) => {
  const check = (): unknown => adapterOptions('an adapter', tokens, options);

  expect(check).toThrow(ConfigurationError);
  expect(check).toThrow(message);
});
