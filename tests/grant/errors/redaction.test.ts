import { describe, expect, test } from '@jest/globals';

import { readable, withoutSecrets } from '../../../src/grant/errors/redaction.js';

describe('a secret', () => {
  test.each([
    ['as it is', 'a%b c+é'],
    ['percent-encoded', 'a%25b%20c%2B%C3%A9'],
    ['percent-encoded in small digits', 'a%25b%20c%2b%c3%a9'],
    ['form-encoded', 'a%25b+c%2B%C3%A9'],
    ['encoded for a path', 'a%25b%20c+%C3%A9'],
    ['in hexadecimal digits', '6125622063 2bc3a9'.replace(' ', '')],
    ['in hexadecimal digits in upper case', '61256220632BC3A9'],
    ['in base64', 'YSViIGMrw6'],
    ['in base64url', 'YSViIGMrw6'],
  ])('R-24 is redacted %s', (_how, spelling) => {
    const text = withoutSecrets(`the secret ${spelling} is wrong`, ['a%b c+é']);

    expect(text).toBe('the secret [redacted] is wrong');
  });

  test.each([['"a"\\'], ['\u0000\n']])('R-24 %j is redacted with the escapes of JSON, once and twice', (secret) => {
    const once = JSON.stringify(secret);

    expect(withoutSecrets(once, [secret])).toBe('"[redacted]"');
    expect(withoutSecrets(JSON.stringify(once), [secret])).not.toContain(once.slice(1, -1));
  });

  test.each(['', 'x', 'xy'])('R-24 is redacted in base64 behind %j', (before) => {
    const encoded = Buffer.from(`${before}a-secret?~of~the~client`).toString('base64');

    const left = withoutSecrets(`it is ${encoded}.`, ['a-secret?~of~the~client']);

    expect(left).toMatch(/^it is .{0,3}\[redacted\].{0,3}\.$/);
  });

  test('R-24 that is short is not looked for in encodings, where any word might hold it', () => {
    expect(withoutSecrets('6162 YWI', ['ab'])).toBe('6162 YWI');
  });

  test('R-24 is redacted wherever it stands, even if it looks like a pattern', () => {
    expect(withoutSecrets('.* a.*b $1 .*', ['.*', '$1'])).toBe('[redacted] a[redacted]b [redacted] [redacted]');
  });
});

test('R-24 an empty secret is none', () => {
  expect(withoutSecrets('abc', [''])).toBe('abc');
});

test('R-24 what stands for a secret is not searched for another one', () => {
  expect(withoutSecrets('a b', ['a', 'e'])).toBe('[redacted] b');
});

describe('a text of the server', () => {
  test('A29 R-22 is stripped of control characters, quotes and markup that RFC 6749 does not allow', () => {
    expect(readable('a\u0000b\r\n"c"\\d\u001b[31m é', [])).toBe('a b c d [31m');
  });

  test('A29 is cut to 300 characters', () => {
    const text = readable('x'.repeat(1_000_000), []);

    expect(text).toBe(`${'x'.repeat(299)}…`);
  });
});
