import { describe, expect, test } from '@jest/globals';

import { findLeaks } from './find-leaks.js';
import { markedSecret, markedToken, secretMark, tokenMark } from './marks.js';

const everyCharacter = (text: string, write: (unit: string) => string) => Array.from(text, write).join('');
const hexOf = (text: string) => Buffer.from(text, 'utf8').toString('hex');

describe.each([
  ['a secret', markedSecret, secretMark],
  ['a token', markedToken(7), tokenMark],
])('finds %s', (_what, text, mark) => {
  test.each<[string, string, string]>([
    ['in clear', text, 'in clear'],
    ['in the middle of a line', `… client_secret=${text}&scope=a …`, 'in clear'],
    ['cut off', text.slice(0, mark.length), 'in clear'],
    ['percent-encoded', encodeURIComponent(text), 'URL-encoded'],
    ['with each byte percent-encoded', hexOf(text).replace(/../g, '%$&'), 'URL-encoded'],
    ['form-encoded', new URLSearchParams({ text }).toString(), 'URL-encoded'],
    ['as JSON', JSON.stringify({ text }), 'with JSON escapes'],
    ['as JSON in JSON', JSON.stringify(JSON.stringify({ text })), 'with JSON escapes'],
    [
      'in escapes of JSON alone',
      everyCharacter(text, (unit) => `\\u${unit.charCodeAt(0).toString(16).padStart(4, '0')}`),
      'with JSON escapes',
    ],
    ['in hexadecimal digits', hexOf(text), 'hex'],
    ['in hexadecimal digits in upper case', hexOf(text).toUpperCase(), 'hex'],
    ['as a buffer is inspected', hexOf(text).replace(/..(?=.)/g, '$& '), 'hex'],
    ['as a buffer in JSON', JSON.stringify(Buffer.from(text)), 'numbers'],
    ['as bytes are inspected', [...Buffer.from(text)].join(',\n   '), 'numbers'],
  ])('%s', (_how, artefact, as) => {
    expect(findLeaks(`before ${artefact} after`, [mark])).toContainEqual({ mark, as });
  });

  test.each(['', 'x', 'xy', 'xyz'])('in base64 behind %j', (before) => {
    const bytes = Buffer.from(`${before}${text}`);

    expect(findLeaks(`Basic ${bytes.toString('base64')}`, [mark])).toContainEqual({ mark, as: 'base64' });
    expect(findLeaks(`ey.${bytes.toString('base64url')}.ey`, [mark])).toContainEqual({ mark, as: 'base64url' });
  });
});

test('finds a mark whose own characters are escaped', () => {
  const mark = 'a "b"\\ü+/%?';

  const found = [JSON.stringify(mark), encodeURIComponent(mark), new URLSearchParams([['', mark]]).toString()].map(
    (text) => findLeaks(text, [mark]),
  );

  expect(found.map((leaks) => leaks.length > 0)).toEqual([true, true, true]);
});

test('finds nothing in what only looks alike', () => {
  const artefact = 'cAnArY s3cr3t t0k3n %zz \\u12 0a 0b 1, 2, 3 [redacted] Y0FuQXJZ';

  expect(findLeaks(artefact, [secretMark, tokenMark])).toEqual([]);
});
