import { expect, test } from '@jest/globals';

import { listedOrigin, originOf, permittedOrigin, secureOrigin } from '../../src/adapters/origins.js';
import { ConfigurationError } from '../../src/core/errors.js';
import { fc } from '../support/fc.js';
import { anyText } from '../support/text.js';

test.each([
  ['https://api.example.com', 'https://api.example.com'],
  ['https://api.example.com/v1?a=b#c', 'https://api.example.com'],
  ['HTTPS://API.Example.COM:443', 'https://api.example.com'],
  ['https://api.example.com:8443', 'https://api.example.com:8443'],
  ['https://api.example.com.', 'https://api.example.com.'],
  ['https://[0:0::1]', 'https://[::1]'],
  ['https://bücher.example', 'https://xn--bcher-kva.example'],
  ['http://localhost:3000', 'http://localhost:3000'],
  ['http://127.0.0.1', 'http://127.0.0.1'],
  ['http://127.9.9.9:80', 'http://127.9.9.9'],
  ['http://0x7f.1', 'http://127.0.0.1'],
  ['http://[::1]:3000', 'http://[::1]:3000'],
])('the origin of %j is %j [E11 R-65]', (url, origin) => {
  expect(secureOrigin(url, 'origins')).toBe(origin);
});

test.each([
  ['https://api.example.com', 'https://api.example.com'],
  ['https://api.example.com/', 'https://api.example.com'],
  ['HTTPS://API.Example.COM:443/', 'https://api.example.com'],
  ['http://localhost:3000', 'http://localhost:3000'],
  ['https://bücher.example/', 'https://xn--bcher-kva.example'],
])('the entry %j of "origins" is %j [E38]', (entry, origin) => {
  expect(listedOrigin(entry)).toBe(origin);
});

test.each([
  'https://api.example.com/v1',
  'https://api.example.com/v1/',
  'https://api.example.com/*',
  'https://api.example.com//',
  'https://api.example.com?tenant=s3cret',
  'https://api.example.com/?',
  'https://api.example.com#s3cret',
  'https://me:s3cret@api.example.com',
  'https://s3cret@api.example.com/',
])('refuses the entry %j of "origins", and says what to write [E38]', (entry) => {
  expect(() => listedOrigin(entry)).toThrow(ConfigurationError);
  expect(() => listedOrigin(entry)).toThrow(/^(?!.*s3cret)"origins".* write "https:\/\/api\.example\.com"$/);
});

test.each(['*', 'https://*', 'https://*.example.com', '*.example.com', 'https://api.example.com:*', 'http://*/v1'])(
  'refuses the pattern %j in "origins" [E38]',
  (entry) => {
    expect(() => listedOrigin(entry)).toThrow(ConfigurationError);
    expect(() => listedOrigin(entry)).toThrow(/^"origins".*pattern.*list each origin/);
  },
);

test('does not repeat the credentials of an entry that is no URL [E38]', () => {
  expect(() => listedOrigin('https://me:s3cret@api example.com')).toThrow(/^(?!.*s3cret).*"api example\.com"/);
});

// URL.canParse of Node 20 and 22 begins to refuse ü and the like in a host after a few thousand calls.
test('the origin of a URL is the same after thousands of calls [R-65]', () => {
  const origins = Array.from({ length: 20_000 }, () => secureOrigin('https://bücher.example/', 'origins'));

  expect(new Set(origins)).toEqual(new Set(['https://xn--bcher-kva.example']));
});

test.each([
  'http://api.example.com',
  'http://localhost.example.com',
  'http://127.0.0.1.example.com',
  'http://127.example.com',
  'http://0.0.0.0',
  'http://10.0.0.1',
  'http://[::ffff:127.0.0.1]',
  'http://[::]',
  'http://notlocalhost',
  'ftp://api.example.com',
  'ws://localhost',
  'wss://api.example.com',
  'file:///etc/hosts',
  'data:text/plain,hello',
  'blob:https://api.example.com/7',
])('refuses %j [E20 R-27 R-30 R-38]', (url) => {
  expect(() => secureOrigin(url, 'baseURL')).toThrow(ConfigurationError);
  expect(() => secureOrigin(url, 'baseURL')).toThrow(/"baseURL".*https/);
});

test.each(['', '/orders', 'api.example.com', '//api.example.com', 'https://', 'https://api example.com', '*'])(
  'refuses %j, which is not an absolute URL [F10]',
  (url) => {
    expect(() => secureOrigin(url, 'origins')).toThrow(ConfigurationError);
    expect(() => secureOrigin(url, 'origins')).toThrow(`"origins" holds ${JSON.stringify(url)}`);
  },
);

test('refuses an origin without its scheme, and repeats it', () => {
  const refused = '"origins" holds "localhost://8080", which is not an absolute URL of https or http';

  expect(() => secureOrigin('localhost:8080', 'origins')).toThrow(new ConfigurationError(refused));
});

test('does not repeat the credentials of a refused URL [R-25]', () => {
  expect(() => secureOrigin('http://me:pass@api.example.com', 'baseURL')).toThrow(/^(?!.*pass).*api\.example\.com/);
});

test.each([
  ['https://api.example.com/orders', 'https://api.example.com'],
  ['HTTP://API.Example.COM:80', 'http://api.example.com'],
  ['https://me:pass@api.example.com/orders', undefined],
  ['https://me@api.example.com/orders', undefined],
  ['https://:pass@api.example.com/orders', undefined],
  ['/orders', undefined],
])('the origin of %j, unless it has credentials, is %j [E11 E12]', (url, origin) => {
  expect(originOf(url)).toBe(origin);
});

test.each([
  ['https://api.example.com', true],
  ['https://api.example.com/orders', true],
  ['HTTPS://API.example.com:443/orders', true],
  ['https://api.example.com?limit=1', true],
  ['https://api.example.com.other.example/', false],
  ['https://api.example.com@other.example/', false],
  ['https://api.example.com:pass@other.example/', false],
  ['https://me@api.example.com/', false],
  ['https://api.example.com:8443/', false],
  ['/orders', false],
])('%s may receive a token: %j [E11 R-65]', (url, isPermitted) => {
  const origins = ['https://other.example.com', 'https://api.example.com'];

  expect(permittedOrigin(url, origins)).toBe(isPermitted ? 'https://api.example.com' : undefined);
});

test('a URL that begins with an origin is judged as the URL parser reads it [E11 R-65]', () => {
  const origin = 'https://api.example.com';
  const mark = fc.constantFrom(...Array.from('/\\@:?#.\t\n '), 'other.example', '');
  const urls = fc.tuple(mark, mark, anyText({ maxLength: 9 }), mark).map((parts) => origin + parts.join(''));

  fc.assert(
    fc.property(urls, (url) => {
      const expected = originOf(url) === origin ? origin : undefined;
      expect(permittedOrigin(url, [origin])).toBe(expected);
    }),
    { numRuns: 2_000 },
  );
});
