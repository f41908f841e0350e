import { expect, test } from '@jest/globals';

import { isSecure } from '../../src/core/secure-url.js';

test.each([
  'https://auth.example.com/token',
  'https://10.0.0.1',
  'http://localhost:3000/',
  'http://LOCALHOST/',
  'http://127.0.0.1:8080/token',
  'http://127.255.0.3/',
  'http://127.1/',
  'http://0x7f.1/',
  'http://2130706433/',
  'http://[::1]:8080/',
  'http://[0:0:0:0:0:0:0:1]/',
])('%s keeps a secret [R-27 R-30]', (url) => {
  expect(isSecure(new URL(url))).toBe(true);
});

test.each([
  'http://auth.example.com/token',
  'http://10.0.0.1/',
  'http://0.0.0.0/',
  'http://128.0.0.1/',
  'http://[::2]/',
  'http://[::ffff:127.0.0.1]/',
  'http://localhost.example.com/',
  'http://auth.localhost.example/',
  'http://127.0.0.1.example.com/',
  'http://127-0-0-1.example/',
  'http://user@example.com:80/?http://localhost',
  'http://localhost@example.com/',
  'ws://localhost/',
  'ftp://localhost/',
  'file:///etc/token',
  'javascript:https://localhost',
])('%s does not [R-27 R-30]', (url) => {
  expect(isSecure(new URL(url))).toBe(false);
});
