import { expect, test } from '@jest/globals';

import { AccessToken } from '../../src/core/access-token.js';
import { TokenError } from '../../src/core/errors.js';
import { fc } from '../support/fc.js';
import { allThatPrints, failureOf, granting } from '../support/grant-outcome.js';

/** What one grant comes to when this is the answer. */
async function outcomeOf(body: string | Uint8Array, status = 200, contentType = 'application/json') {
  const fetch = () => Promise.resolve(new Response(body, { status, headers: { 'content-type': contentType } }));
  const { tokens, clock, events } = granting({ tokenEndpoint: 'https://auth.example/token', fetch });
  try {
    return { clock, events, token: await tokens.getToken() };
  } catch (error) {
    return { clock, events, error };
  }
}

const canary = 'cAnArY-0f-the-b0dy';
const names = ['access_token', 'token_type', 'expires_in', 'scope', 'error', 'error_description', 'error_uri'];
const members = fc.constantFrom(...names, 'refresh_token', '__proto__', 'constructor', 'toJSON', 'then', canary);
const anything = fc.oneof(
  fc.jsonValue({ maxDepth: 2 }),
  fc.constantFrom<unknown>('Bearer', 'bearer', 't0ken', 60, '60', 0, -1, 1e12, null, '', canary, [canary], {
    [canary]: canary,
  }),
);

/** JSON as a server writes it, with any members, the same ones several times. */
const objects = fc
  .array(fc.tuple(members, anything), { maxLength: 8 })
  .map((entries) => `{${entries.map(([name, value]) => `${JSON.stringify(name)}:${JSON.stringify(value)}`).join()}}`);
/** Nearly right answers. */
const nearly = fc.tuple(objects, fc.constantFrom('t0ken', canary)).map(([rest, value]) => {
  const start = `{"access_token":${JSON.stringify(value)},"token_type":"Bearer","expires_in":60`;
  return rest === '{}' ? `${start}}` : `${start},${rest.slice(1)}`;
});
const bodies = fc.oneof(
  objects,
  nearly,
  fc.json(),
  fc.tuple(nearly, fc.nat()).map(([text, length]) => text.slice(0, length % (text.length + 1))),
  nearly.map((text) => `\ufeff${text}`),
);
const statuses = fc.constantFrom(200, 200, 200, 200, 201, 400, 401, 403, 500, 503);

function polluted(): unknown[] {
  return [
    ...Object.keys({}),
    ...Reflect.ownKeys(Object.prototype).filter((key) => key === canary || key === 'access_token'),
  ];
}

test('any JSON is a token or one of our errors, and pollutes nothing [A28 A34 R-15 R-16]', async () => {
  await fc.assert(
    fc.asyncProperty(bodies, statuses, async (body, status) => {
      const { token, error, clock } = await outcomeOf(body, status);

      expect(token === undefined ? error instanceof TokenError : token instanceof AccessToken).toBe(true);
      expect(polluted()).toEqual([]);
      if (token === undefined) return;
      const remainingMs = token.remainingMs(clock);
      expect(remainingMs >= 0 && remainingMs <= 10 * 365 * 24 * 3_600_000).toBe(true);
      expect(token.authorization).toMatch(/^Bearer [\x21-\x7e]+$/);
      expect(new Headers({ authorization: token.authorization }).get('authorization')).toBe(token.authorization);
      expect(token.scope === undefined || typeof token.scope === 'string').toBe(true);
    }),
  );
});

test('nothing of the body is in an error or an event, but an OAuth error and its description, cleaned [A28 A34 A29]', async () => {
  await fc.assert(
    fc.asyncProperty(bodies, statuses, async (body, status) => {
      const { error, events } = await outcomeOf(body, status);
      if (!(error instanceof TokenError)) return;

      const said = error as TokenError & { readonly error?: string; readonly errorDescription?: string };
      for (const field of [said.error, said.errorDescription]) {
        expect(field ?? '').toMatch(/^[\x20\x21\x23-\x5b\x5d-\x7e]{0,299}…?$/);
      }
      const printed = [error, ...events].map(allThatPrints).join('\n');
      expect(printed.includes(canary) && !saysItself(body)).toBe(false);
    }),
  );
});

/** Whether the canary stands where an authorization server explains itself. */
function saysItself(body: string): boolean {
  try {
    const parsed = JSON.parse(body.replace(/^\ufeff/, '')) as Record<string, unknown>;
    const { access_token: token, token_type: type, error, error_description: description } = parsed;
    return (
      token !== canary &&
      [type, error, description].some((field) => typeof field === 'string' && field.includes(canary))
    );
  } catch {
    return false;
  }
}

test('any bytes are one of our errors [A9 A19]', async () => {
  const types = fc.constantFrom('application/json', 'application/json; charset=utf-16', 'text/html', 'a/b', '');

  await fc.assert(
    fc.asyncProperty(fc.uint8Array({ maxLength: 200 }), types, statuses, async (bytes, type, status) => {
      const { token, error } = await outcomeOf(bytes, status, type);

      expect(token).toBeUndefined();
      expect(error).toBeInstanceOf(TokenError);
    }),
  );
});

test('any error of OAuth is told as it is, and in a message that can be printed [R-41 A29]', async () => {
  const code = fc.string({ unit: fc.constantFrom(...Array.from('abcz_ !#')), minLength: 1, maxLength: 100 });
  const description = fc.string({ unit: 'binary', maxLength: 2_000 });

  await fc.assert(
    fc.asyncProperty(code, description, async (error, text) => {
      fc.pre(!['server_error', 'temporarily_unavailable'].includes(error));
      const body = JSON.stringify({ error, error_description: text });
      const fetch = () => Promise.resolve(new Response(body, { status: 400 }));

      const failure = await failureOf(
        granting({ tokenEndpoint: 'https://auth.example/token', fetch }).tokens.getToken(),
      );

      expect(failure).toMatchObject({ code: 'ERR_GRANT_REJECTED', status: 400, error });
      expect((failure as Error).message).toMatch(/^[\x20-\x7e…]*$/);
      expect((failure as Error).message.length).toBeLessThan(1_000);
    }),
  );
});
