import { isDeepStrictEqual } from 'node:util';

import fc from 'fast-check';

import { bearerToken } from '../../src/adapters/axios/index.js';
import { rejectsToken } from '../../src/adapters/challenge.js';
import { asksForNonce, parseChallenges } from '../../src/core/challenges.js';
import { withBearerToken } from '../../src/adapters/fetch/index.js';
import { secureOrigin } from '../../src/adapters/origins.js';
import { clientSecretBasic } from '../../src/authentication/client-secret.js';
import { AccessToken } from '../../src/core/access-token.js';
import { instant } from '../../src/core/clock.js';
import { TokenError } from '../../src/core/errors.js';
import { isSecure } from '../../src/core/secure-url.js';
import { canonicalRequest } from '../../src/core/token-request.js';
import { authorizationServer } from '../../src/grant/authorization-server.js';
import { clientCredentials } from '../../src/grant/client-credentials.js';
import { staticToken } from '../../src/service/static-token.js';
import { createTokenService } from '../../src/service/token-service.js';
import { encryptedStore } from '../../src/stores/encrypted.js';
import { type RedisCommands, redisStore } from '../../src/stores/redis.js';
import { fromStored, toStored } from '../../src/stores/token-record.js';
import type { TokenStore } from '../../src/stores/token-store.js';
import { fakeClock } from '../support/clock.js';
import { issue } from '../support/tokens.js';
import { envFile } from './env-file.js';
import { fetchInit } from './fetch-init.js';
import { type FuzzTarget, must, onlyConfigurationErrors } from './fuzz-target.js';
import { anyBody, anyField, anyJson, anyOption, anyText, anyTokenResponse, secret } from './inputs.js';
import { sharedEntries } from './shared-entries.js';

const clock = fakeClock();
const keys = ['one', 'other'];

const anyHost = fc.constantFrom(
  'a.example',
  '*.example',
  'a.example.',
  'A.Example',
  '127.0.0.1',
  '[::1]',
  '*',
  'u:p@a.example',
);
const anyPort = fc.constantFrom('', ':443', ':8443', ':*', ':0', ':99999');
const afterOrigin = ['', '/', '/orders', '?a=b', '#a', '/*', ' ', '\\'];

/** All targets. */
export const targets: readonly FuzzTarget[] = [
  {
    name: 'challenge',
    inputs: anyField,
    corpus: [
      '',
      ',',
      '"',
      'Bearer error="',
      `Bearer ${'a='.repeat(8_000)}`,
      '"\\'.repeat(8_000),
      ','.repeat(16_000),
      `OAuth2 error='${"\\'".repeat(8_000)}`,
    ],
    read(field: string) {
      parseChallenges(field);
      asksForNonce(field);
      must(typeof rejectsToken(401, field) === 'boolean', 'a challenge rejects a token, or does not');
      must(!rejectsToken(403, field), 'no 403 rejects a token');
    },
  },
  {
    name: 'token response',
    inputs: fc.tuple(
      fc.oneof(anyBody, anyTokenResponse),
      fc.constantFrom(200, 200, 200, 201, 302, 400, 401, 429, 500, 503),
      anyText,
      fc.boolean(),
    ),
    corpus: [
      [`{"error":"invalid_client","error_description":"${secret}"}`, 401, ''],
      ['{"access_token":"a","token_type":"Bearer","expires_in":1e400}', 200, ''],
      ['{"__proto__":{"access_token":"a","token_type":"Bearer"}}', 200, ''],
      ['['.repeat(500_000), 200, ''],
      [`{"error":${'['.repeat(500_000)}${']'.repeat(500_000)}}`, 400, ''],
      [`{${Array.from({ length: 90_000 }, (_, n) => `"m${n}":1`).join()}}`, 200, ''],
      [`{"error":"x","error_description":"${'\\u0000'.repeat(50_000)}"}`, 400, ''],
    ],
    async read([body, status, location, assumeBearer = false]: [string, number, string, boolean?]) {
      const headers = { 'content-type': 'application/json', location: encodeURI(location.toWellFormed()) };
      const outcome = await granting(() => new Response(body, { status, headers }), assumeBearer)
        .getToken()
        .catch((error: unknown) => error);
      must(
        outcome instanceof AccessToken || outcome instanceof TokenError,
        'a grant ends with a token or one of our errors',
      );
      if (outcome instanceof AccessToken) {
        must(/^Bearer [\x21-\x7e]+$/.test(outcome.authorization), 'a token can be sent');
        const lifetimeMs = outcome.expiresAt - outcome.issuedAt;
        must(lifetimeMs >= 0 && lifetimeMs <= tenYearsMs, 'a lifetime is that of a token');
      } else must(!JSON.stringify([outcome, String(outcome)]).includes(secret), 'an error holds no secret');
    },
  },
  {
    name: 'metadata',
    inputs: anyBody,
    corpus: [
      '{"issuer":"https://auth.example","token_endpoint":"http://evil.example/token"}',
      '{"issuer":"https://auth.example","token_endpoint":["https://auth.example"]}',
      '{"issuer":"https://auth.example/","token_endpoint":"https://auth.example/token"}',
      '{"__proto__":{"issuer":"https://auth.example","token_endpoint":"https://evil.example"}}',
      `{"issuer":${'['.repeat(500_000)}${']'.repeat(500_000)}}`,
    ],
    async read(body: string) {
      const fetch = () => Promise.resolve(new Response(body, { headers: { 'content-type': 'application/json' } }));
      const server = authorizationServer({ issuer: 'https://auth.example', timeoutMs: 1_000, fetch, clock });
      const outcome: unknown = await server.metadata().catch((error: unknown) => error);
      if (outcome instanceof TokenError) return;
      const { issuer, token_endpoint: endpoint } = outcome as { issuer: string; token_endpoint: string };
      must(issuer === 'https://auth.example', 'metadata of another issuer are refused');
      must(isSecure(new URL(endpoint)), 'a token endpoint that is not secure is refused');
    },
  },
  {
    name: 'options',
    inputs: fc.tuple(
      fc.dictionary(
        fc.constantFrom(
          'issuer',
          'tokenEndpoint',
          'clientId',
          'clientSecret',
          'scope',
          'resource',
          'audience',
          'parameters',
          'retry',
          'cache',
          'refresh',
          'origins',
          'tokenRequest',
          'resend',
          '__proto__',
          'constructor',
          'toString',
          'onEvnt',
        ),
        anyOption,
      ),
      fc.boolean(),
    ),
    corpus: [
      [JSON.parse('{"__proto__":{"clientId":"a","tokenEndpoint":"https://a.example"}}'), false],
      [JSON.parse('{"__proto__":{"origins":["https://evil.example"]}}'), true],
    ],
    read([options, isOfAdapter]: [Readonly<Record<string, unknown>>, boolean]) {
      onlyConfigurationErrors(() =>
        isOfAdapter ? bearerToken(staticToken('key'), options) : createTokenService({ ...complete, ...options }),
      );
    },
  },
  {
    name: 'origin',
    inputs: fc.oneof(
      anyText,
      fc.webUrl().map((url) => url.replace('https', 'http')),
      fc.tuple(anyText, anyText).map(([user, host]) => `https://${user}@${host}`),
    ),
    corpus: [
      'https://a.example\\@b.example',
      'http://127.0.0.1.b.example',
      'http://[::ffff:127.0.0.1]',
      'HTTP://LOCALHOST',
    ],
    read(url: string) {
      const origin = onlyConfigurationErrors(() => secureOrigin(url, 'origins'));
      if (origin !== undefined)
        must(isSecure(new URL(origin)) && new URL(url).origin === origin, 'an origin is secure');
    },
  },
  {
    name: 'entry of origins',
    inputs: fc.array(
      fc.oneof(
        anyOption,
        fc
          .tuple(
            fc.constantFrom('https://', 'http://', 'HTTPS:', ''),
            anyHost,
            anyPort,
            fc.constantFrom(...afterOrigin),
          )
          .map((pieces) => pieces.join('')),
      ),
      { maxLength: 3 },
    ),
    corpus: [
      ['https://*.example'],
      ['https://a.example/path/'],
      ['https://a.example?b'],
      [new URL('https://a.example')],
      Array.from({ length: 10_000 }, (_, n) => `https://a${n}.example`),
    ],
    async read(origins: readonly string[]) {
      const seen: [string, string | null][] = [];
      const fetch = async (input: string | URL | Request, init?: RequestInit) => {
        const { url, headers } = new Request(input, init);
        seen.push([new URL(url).origin, headers.get('authorization')]);
        return new Response();
      };
      const send = onlyConfigurationErrors(() => withBearerToken(fetch, staticToken('key'), { origins }));
      if (send === undefined) return;
      await send('https://elsewhere.example/');
      for (const each of origins.slice(0, 3)) await send(new URL('/orders', new URL(each).origin));
      const allowed = new Set(origins.map((each) => new URL(each).origin));
      must(
        seen.every(([origin, authorization]) => (authorization !== null) === allowed.has(origin)),
        'the token goes to the listed origins only',
      );
    },
  },
  {
    name: 'stored entry',
    inputs: fc.record({
      of: fc.constantFrom(...keys),
      as: fc.constantFrom(...keys),
      isEncrypted: fc.boolean(),
      cut: fc.tuple(fc.nat(200), fc.nat(200)),
      piece: fc.oneof(fc.constant(''), anyField, anyText, fc.constantFrom('1:', ':', '.', '\n', ...keys)),
    }),
    corpus: [
      { of: 'one', as: 'one', isEncrypted: true, cut: [0, 0], piece: '' },
      { of: 'one', as: 'other', isEncrypted: true, cut: [0, 0], piece: '' },
      { of: 'one', as: 'other', isEncrypted: false, cut: [0, 0], piece: '' },
      { of: 'one', as: 'one', isEncrypted: false, cut: [0, 200], piece: `1:1:1:${'\n'.repeat(500_000)}` },
      { of: 'one', as: 'one', isEncrypted: true, cut: [0, 200], piece: `1:1:1:${'.'.repeat(500_000)}` },
      { of: 'one', as: 'one', isEncrypted: false, cut: [0, 0], piece: '9'.repeat(500_000) },
    ],
    async read({ of, as, isEncrypted, cut: [from, length], piece }: StoredInput) {
      const whole = await entryOf(of, isEncrypted);
      const text = whole.slice(0, from) + piece + whole.slice(from + length);
      const stored = await storeWith({ get: () => Promise.resolve(text) }, isEncrypted).get(as);
      const found = stored && fromStored(as, stored, instant(clock), {}).token;
      // A changed text may decode to the same bytes, for example with a space in base64.
      const isGood = of === as && found?.value === `token-of-${of}`;
      must(found === undefined || isGood, 'what was changed or moved is no token');
      must(isGood || of !== as || text !== whole, 'what was neither is one');
    },
  },
  {
    name: 'key',
    inputs: fc.tuple(anyRequest(), anyRequest()),
    corpus: [
      [{ scope: 'a b' }, { scope: 'b a' }],
      [
        { scope: 'a', resource: 'b' },
        { scope: 'a', audience: 'b' },
      ],
      [{ parameters: { a: 'b","c":"d' } }, { parameters: { a: 'b', c: 'd' } }],
    ],
    read([one, other]: [object, object]) {
      const [left, right] = [one, other].map((request) => onlyConfigurationErrors(() => canonicalRequest(request)));
      if (left === undefined || right === undefined) return;
      const { key: leftKey, ...leftMembers } = left;
      const { key: rightKey, ...rightMembers } = right;
      must((leftKey === rightKey) === isDeepStrictEqual(leftMembers, rightMembers), 'a key is that of one request');
    },
  },
  sharedEntries,
  fetchInit,
  envFile,
];

interface StoredInput {
  readonly of: string;
  readonly as: string;
  readonly isEncrypted: boolean;
  readonly cut: readonly [from: number, length: number];
  readonly piece: string;
}

/** The entry that a store writes for the token of a key. */
async function entryOf(key: string, isEncrypted: boolean): Promise<string> {
  let written = '';
  const entry = toStored(key, issue(`token-of-${key}`, clock));
  await storeWith({ eval: async (_script, { arguments: [, , , text = ''] }) => (written = text) }, isEncrypted).set(
    key,
    entry,
    1,
  );
  return written;
}

function storeWith(commands: Partial<RedisCommands>, isEncrypted: boolean): TokenStore {
  const client = { isReady: true, get: async () => null, eval: async () => 0, listenerCount: () => 1, on: () => 0 };
  const store = redisStore({ ...client, ...commands, withCommandOptions: () => ({ ...client, ...commands }) });
  return isEncrypted ? encryptedStore(store, { keys: [new Uint8Array(32)] }) : store;
}

const complete = { tokenEndpoint: 'https://auth.example/token', clientId: 'orders', clientSecret: secret };

const tenYearsMs = 10 * 366 * 24 * 3_600_000;

function granting(answer: () => Response, assumeBearer: boolean) {
  return clientCredentials({
    tokenEndpoint: complete.tokenEndpoint,
    clientId: 'orders',
    clientAuthentication: clientSecretBasic(secret),
    assumeBearer,
    clock,
    fetch: () => Promise.resolve(answer()),
  });
}

function anyRequest(): fc.Arbitrary<object> {
  const name = fc.constantFrom('a', 'b', 'a b', ' a', '', 'ab', 'a"', 'a,b');
  const names = fc.oneof(name, fc.array(name, { maxLength: 2 }));
  const member = fc.oneof({ weight: 9, arbitrary: names }, { weight: 1, arbitrary: anyJson });
  const parameters = fc.dictionary(fc.constantFrom('a', 'b', '__proto__', 'scope', 'resource'), name, { maxKeys: 2 });
  return fc.record({ scope: member, resource: member, audience: member, parameters }, { requiredKeys: [] });
}
