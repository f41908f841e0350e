import { describe, expect, test } from '@jest/globals';

import { readable, withoutSecrets } from '../../src/grant/redaction.js';

describe('a secret', () => {
  test.each([
    ['as it is', 'a%b c+é'],
    ['percent-encoded', 'a%25b%20c%2B%C3%A9'],
    ['percent-encoded in small digits', 'a%25b%20c%2b%c3%a9'],
    ['form-encoded', 'a%25b+c%2B%C3%A9'],
  ])('R-24 is redacted %s', (_how, spelling) => {
    const text = withoutSecrets(`the secret ${spelling} is wrong`, ['a%b c+é']);

    expect(text).toBe('the secret [redacted] is wrong');
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
