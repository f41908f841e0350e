import { expect, test } from '@jest/globals';

import { authenticatorOf } from '../../src/authentication/client-authentication.js';
import { clientSecretBasic } from '../../src/authentication/client-secret.js';
import { fc } from '../support/fc.js';

const server = { issuer: 'https://auth.example' };

/** The header that a client would send. */
async function header(clientId: string, secret: string, encoding?: 'form' | 'minimal' | 'raw'): Promise<string> {
  const authentication = clientSecretBasic(secret, encoding && { encoding });
  const { authenticate } = await authenticatorOf(authentication).prepare(clientId, server);
  const headers = new Headers();
  authenticate(server, { client_id: clientId }, new URLSearchParams(), headers);
  return headers.get('authorization') ?? '';
}

/** Id and secret as a server splits them. */
function split(sent: string): [string, string] {
  const pair = Buffer.from(sent.slice('Basic '.length), 'base64').toString('utf8');
  const colon = pair.indexOf(':');
  return [pair.slice(0, colon), pair.slice(colon + 1)];
}

const formDecoded = (text: string): string =>
  new URLSearchParams(`value=${text.replaceAll('&', '%26')}`).get('value') ?? '';
const percentDecoded = (text: string): string => decodeURIComponent(text.replaceAll('+', ' '));

const texts = fc.oneof(
  fc.string({ minLength: 1 }),
  fc.string({ unit: 'binary', minLength: 1 }),
  fc.string({
    unit: fc.constantFrom(...Array.from('%+ :&=#?;/\\"\'-_.~!*()aA0\0\n\r\t\x7fé€😀'), '%41', '%zz'),
    minLength: 1,
  }),
);
const broken = fc.string({ unit: fc.constantFrom('\ud800', '\udc00', 'a', '%', '\ud83d', 'é'), minLength: 1 });

test.each(['minimal', 'form'] as const)(
  'with the encoding "%s" a server that decodes gets any id and secret back exactly [F3 R-03 R-09]',
  async (encoding) => {
    await fc.assert(
      fc.asyncProperty(texts, texts, async (clientId, secret) => {
        const parts = split(await header(clientId, secret, encoding));

        expect(parts.map(formDecoded)).toEqual([clientId, secret]);
        expect(parts.map(percentDecoded)).toEqual([clientId, secret]);
      }),
    );
  },
);

test('a server that does not decode gets them back too, unless they hold a character that is read in two ways [F3 R-09]', async () => {
  const isPlain = (text: string) => !/[%+\s\p{Cc}]|[^\x20-\x7e]/u.test(text);

  await fc.assert(
    fc.asyncProperty(texts, texts, async (clientId, secret) => {
      fc.pre(isPlain(clientId) && isPlain(secret) && !clientId.includes(':'));

      expect(split(await header(clientId, secret))).toEqual([clientId, secret]);
    }),
  );
});

test('what is sent is a header of visible characters, and nothing throws, lone surrogates included [F3]', async () => {
  const encodings = fc.constantFrom(...(['minimal', 'form', 'raw'] as const));

  await fc.assert(
    fc.asyncProperty(
      fc.oneof(texts, broken),
      fc.oneof(texts, broken),
      encodings,
      async (clientId, secret, encoding) => {
        const sent = await header(clientId, secret, encoding);

        expect(sent).toMatch(/^Basic [A-Za-z0-9+/]+=*$/);
        const read = encoding === 'raw' ? [] : split(sent).map(formDecoded);
        expect(read).toEqual(encoding === 'raw' ? [] : [clientId, secret].map((text) => text.toWellFormed()));
      },
    ),
  );
});

test('there is a doubt exactly when what is sent differs from what was given [F3]', async () => {
  await fc.assert(
    fc.asyncProperty(texts, texts, async (clientId, secret) => {
      const { hint: doubt } = await authenticatorOf(clientSecretBasic(secret)).prepare(clientId, server);
      const parts = split(await header(clientId, secret));

      expect(doubt !== undefined).toBe(parts[0] !== clientId || parts[1] !== secret);
      expect(doubt ?? '').not.toContain(`"${secret}"`);
    }),
  );
});
