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
  ])('is redacted %s [R-24]', (_how, spelling) => {
    const text = withoutSecrets(`the secret ${spelling} is wrong`, ['a%b c+é']);

    expect(text).toBe('the secret [redacted] is wrong');
  });

  test.each([['"a"\\'], ['\u0000\n']])('%j is redacted with the escapes of JSON, once and twice [R-24]', (secret) => {
    const once = JSON.stringify(secret);

    expect(withoutSecrets(once, [secret])).toBe('"[redacted]"');
    expect(withoutSecrets(JSON.stringify(once), [secret])).not.toContain(once.slice(1, -1));
  });

  test.each(['', 'x', 'xy'])('is redacted in base64 behind %j [R-24]', (before) => {
    const encoded = Buffer.from(`${before}a-secret?~of~the~client`).toString('base64');

    const left = withoutSecrets(`it is ${encoded}.`, ['a-secret?~of~the~client']);

    expect(left).toMatch(/^it is .{0,3}\[redacted\].{0,3}\.$/);
  });

  test('that is short is not looked for in encodings, where any word might hold it [R-24]', () => {
    expect(withoutSecrets('6162 YWI', ['ab'])).toBe('6162 YWI');
  });

  test('is redacted wherever it stands, even if it looks like a pattern [R-24]', () => {
    expect(withoutSecrets('.* a.*b $1 .*', ['.*', '$1'])).toBe('[redacted] a[redacted]b [redacted] [redacted]');
  });
});

test('an empty secret is none [R-24]', () => {
  expect(withoutSecrets('abc', [''])).toBe('abc');
});

test('what stands for a secret is not searched for another one [R-24]', () => {
  expect(withoutSecrets('a b', ['a', 'e'])).toBe('[redacted] b');
});

describe('a text of the server', () => {
  test('is stripped of control characters, quotes and markup that RFC 6749 does not allow [A29 R-22]', () => {
    expect(readable('a\u0000b\r\n"c"\\d\u001b[31m é', [])).toBe('a b c d [31m');
  });

  test('is cut to 300 characters [A29]', () => {
    const text = readable('x'.repeat(1_000_000), []);

    expect(text).toBe(`${'x'.repeat(299)}…`);
  });
});
