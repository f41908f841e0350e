import { describe, expect, test } from '@jest/globals';

import { clientSecretPost } from '../../../src/authentication/client-secret.js';
import { refused, startAuthorizationServer } from '../../support/authorization-server.js';
import { errorFor, granting, linesThatShow } from '../../support/grant-outcome.js';

/** The description in the error if the server repeats this text to a client with this secret. */
async function descriptionFor(text: string, secret: string): Promise<string | undefined> {
  const server = await startAuthorizationServer();
  server.script(refused('invalid_client', { description: text }));
  const clientAuthentication = clientSecretPost(secret);
  const error = await granting({ tokenEndpoint: server.tokenEndpoint, clientAuthentication }).failure();
  expect(linesThatShow(text, error)).toEqual([]);
  return (error as { readonly errorDescription: string | undefined }).errorDescription;
}

describe('a secret that the server repeats', () => {
  test.each([
    ['unchanged', 'a%b c+é'],
    ['percent-encoded', 'a%25b%20c%2B%C3%A9'],
    ['percent-encoded in small digits', 'a%25b%20c%2b%c3%a9'],
    ['form-encoded', 'a%25b+c%2B%C3%A9'],
    ['encoded for a path', 'a%25b%20c+%C3%A9'],
    ['in hexadecimal digits', '61256220632bc3a9'],
    ['in hexadecimal digits in upper case', '61256220632BC3A9'],
    ['in base64', 'YSViIGMrw6'],
    ['in base64url', 'YSViIGMrw6'],
  ])('is redacted %s [R-24]', async (_how, spelling) => {
    const description = await descriptionFor(`the secret ${spelling} is wrong`, 'a%b c+é');

    expect(description).toBe('the secret [redacted] is wrong');
  });

  test.each([['"a"\\'], ['\u0000\n']])(
    'is redacted with the escapes of JSON, once and twice: %j [R-24]',
    async (secret) => {
      const once = JSON.stringify(secret).slice(1, -1);
      const twice = JSON.stringify(once).slice(1, -1);

      expect(await descriptionFor(`the secret ${once} is wrong`, secret)).toBe('the secret [redacted] is wrong');
      expect(await descriptionFor(`the secret ${twice} is wrong`, secret)).toBe('the secret [redacted] is wrong');
    },
  );

  test.each(['', 'x', 'xy'])('is redacted in base64 behind %j [R-24]', async (before) => {
    const encoded = Buffer.from(`${before}a-secret?~of~the~client`).toString('base64');

    const description = await descriptionFor(`it is ${encoded}.`, 'a-secret?~of~the~client');

    expect(description).toMatch(/^it is .{0,3}\[redacted\].{0,3}\.$/);
  });

  test('is redacted wherever it stands, even if it looks like a pattern [R-24]', async () => {
    expect(await descriptionFor('.* a.*b $1 .*', '.*')).toBe('[redacted] a[redacted]b $1 [redacted]');
  });
});

test('a short secret is not searched in encodings, because any word might contain it [R-24]', async () => {
  const error = await errorForShortSecret();

  expect(error).toMatchObject({ errorDescription: '6162 YWI' });
});

async function errorForShortSecret(): Promise<unknown> {
  const server = await startAuthorizationServer();
  server.script(refused('invalid_client', { description: '6162 YWI' }));
  return granting({ tokenEndpoint: server.tokenEndpoint, clientAuthentication: clientSecretPost('ab') }).failure();
}

describe('a text of the server', () => {
  test('is limited to the characters that RFC 6749 allows [A29 R-22]', async () => {
    const error = await errorFor(refused('invalid_scope', { description: 'a\u0000b\r\n"c"\\d\u001b[31m é' }));

    expect(error).toMatchObject({ errorDescription: 'a b c d [31m' });
  });

  test('is cut to 300 characters [A29]', async () => {
    const error = await errorFor(refused('invalid_scope', { description: 'x'.repeat(1_000_000) }));

    expect(error).toMatchObject({ errorDescription: `${'x'.repeat(299)}…` });
  });
});
