import { randomBytes } from 'node:crypto';

import { describe, expect, test } from '@jest/globals';

import { createTokenService } from '../../src/service/token-service.js';
import type { GrantType } from '../../src/grant/grant-type.js';
import { jwtBearer } from '../../src/grant/jwt-bearer.js';
import { tokenExchange } from '../../src/grant/token-exchange.js';
import type { TokenServiceOptions } from '../../src/service/options.js';
import type { TokenRequest } from '../../src/core/token-request.js';
import { encryptedStore } from '../../src/stores/encrypted.js';
import { memoryStore } from '../../src/stores/memory.js';
import { granted, refused } from '../support/authorization-server.js';
import { grantContract } from '../contracts/grant.js';
import { failureOf } from '../support/grant-outcome.js';
import { plainStore } from '../support/plain-store.js';
import { startTokenService } from '../support/token-service.js';
import { until } from '../support/until.js';

/** A source whose token a test can change. */
function changingSource(first: string) {
  const source = { token: first, replaced: [] as unknown[] };
  const read = (options?: { readonly replacing?: string | undefined }): string => {
    source.replaced.push(options?.replacing);
    return source.token;
  };
  return Object.assign(read, source, {
    set(token: string) {
      source.token = token;
    },
  });
}

interface Case {
  readonly grantType: string;
  readonly parameter: string;
  /** The grant with a configured source. */
  readonly grant: (source: () => string) => GrantType;
  /** The grant without one. */
  readonly perRequest: () => GrantType;
  readonly request: (subject: string) => TokenRequest;
}

const cases: readonly (readonly [string, Case])[] = [
  [
    'jwtBearer',
    {
      grantType: 'urn:ietf:params:oauth:grant-type:jwt-bearer',
      parameter: 'assertion',
      grant: (assertion) => jwtBearer({ assertion }),
      perRequest: () => jwtBearer(),
      request: (assertion) => ({ assertion }),
    },
  ],
  [
    'tokenExchange',
    {
      grantType: 'urn:ietf:params:oauth:grant-type:token-exchange',
      parameter: 'subject_token',
      grant: (subjectToken) => tokenExchange({ subjectToken, subjectTokenType: 'jwt' }),
      perRequest: () => tokenExchange({ subjectTokenType: 'jwt' }),
      request: (subjectToken) => ({ subjectToken }),
    },
  ],
];

grantContract({ name: 'client credentials', grant: () => undefined, grantType: 'client_credentials' });
for (const [name, { grant, grantType }] of cases) grantContract({ name, grant, grantType });

const withoutClient: Partial<TokenServiceOptions> = { clientId: undefined, clientSecret: undefined };

describe.each(cases)('%s', (_name, { grantType, parameter, grant, perRequest, request }) => {
  const start = (options: Partial<TokenServiceOptions>) => startTokenService({ ...withoutClient, ...options });
  const parametersOf = (body: string) => Object.fromEntries(new URLSearchParams(body));

  test('sends its token and the token request, without client authentication', async () => {
    const { server, tokens } = await start({ grant: grant(() => 'an-assertion'), scope: 'orders' });

    const token = await tokens.getToken();

    expect(token.value).toBe('token-1');
    expect(parametersOf(server.grants[0]?.body ?? '')).toMatchObject({
      grant_type: grantType,
      [parameter]: 'an-assertion',
      scope: 'orders',
    });
    expect(server.grants[0]?.body).not.toMatch(/client_id/);
    expect(server.grants[0]?.headers.authorization).toBeUndefined();
  });

  test('a client that has only an identifier sends it', async () => {
    const { server, tokens } = await start({ grant: grant(() => 'an-assertion'), clientId: 'orders' });

    await tokens.getToken();

    expect(parametersOf(server.grants[0]?.body ?? '')['client_id']).toBe('orders');
  });

  test('a client with a secret authenticates', async () => {
    const { server, tokens } = await startTokenService({ grant: grant(() => 'an-assertion') });

    await tokens.getToken();

    expect(server.grants[0]?.headers.authorization).toMatch(/^Basic /);
  });

  test('a rotated token of the configured source does not invalidate the cached token', async () => {
    const source = changingSource('first');
    const { server, tokens } = await start({ grant: grant(source) });
    await tokens.getToken();

    source.set('second');

    expect((await tokens.getToken()).value).toBe('token-1');
    expect(server.grants).toHaveLength(1);
  });

  test('a rejected token is sent again only after it has changed', async () => {
    const source = changingSource('first');
    const { server, tokens, clock } = await start({ grant: grant(source) });
    server.script(refused('invalid_grant'));

    expect(await failureOf(tokens.getToken())).toMatchObject({ code: 'ERR_GRANT_REJECTED', error: 'invalid_grant' });
    for (let minute = 0; minute < 10; minute += 1) {
      clock.advance(60_000);
      await failureOf(tokens.getToken());
    }
    expect(server.grants).toHaveLength(1);

    server.script(granted('token-2'));
    source.set('second');
    clock.advance(60_000);
    expect((await tokens.getToken()).value).toBe('token-2');
    expect(server.grants.map(({ body }) => parametersOf(body)[parameter])).toEqual(['first', 'second']);
  });

  test('if the source has another token at once, the grant is sent again with it', async () => {
    const asked: unknown[] = [];
    const source = (options?: { readonly replacing?: string | undefined }): string => {
      asked.push(options?.replacing);
      return options?.replacing === undefined ? 'first' : 'second';
    };
    const { server, tokens } = await start({ grant: grant(source) });
    server.script(refused('invalid_grant'), granted('token-2'));

    expect((await tokens.getToken()).value).toBe('token-2');
    expect(asked).toEqual([undefined, 'first']);
    expect(server.grants.map(({ body }) => parametersOf(body)[parameter])).toEqual(['first', 'second']);
  });

  test('another rejection does not send the grant again, even if the source has another token', async () => {
    let calls = 0;
    const { server, tokens } = await start({ grant: grant(() => `assertion-${(calls += 1)}`) });
    server.script(refused('invalid_scope'), granted('token-2'));

    expect(await failureOf(tokens.getToken())).toMatchObject({ error: 'invalid_scope' });
    expect(server.grants).toHaveLength(1);

    server.script({ status: 404 });
    expect(await failureOf(tokens.getToken({ scope: 'b' }))).toMatchObject({ code: 'ERR_GRANT_REJECTED' });
    expect(server.grants).toHaveLength(2);
  });

  test('each subject of a request has its own token, and concurrent callers of one share a grant', async () => {
    const { server, tokens } = await start({ grant: perRequest() });

    const found = await Promise.all(['anna', 'ben', 'anna'].map((subject) => tokens.getToken(request(subject))));

    const [anna, ben, annaAgain] = found.map(({ value }) => value);
    expect(annaAgain).toBe(anna);
    expect(ben).not.toBe(anna);
    expect(server.grants).toHaveLength(2);
    expect(JSON.stringify(tokens.stats())).not.toMatch(/anna|ben/);
  });

  test('a rejected subject does not affect another one', async () => {
    const { server, tokens } = await start({ grant: perRequest() });
    server.script(({ body }) => (/anna/.test(body) ? refused('invalid_grant') : granted('token-of-ben')));

    expect(await failureOf(tokens.getToken(request('anna')))).toMatchObject({ error: 'invalid_grant' });
    expect((await tokens.getToken(request('ben'))).value).toBe('token-of-ben');
  });

  test('without a subject the grant is an error that says where to set it', async () => {
    const { server, tokens } = await start({ grant: perRequest() });

    expect(await failureOf(tokens.getToken())).toMatchObject({ code: 'ERR_CONFIGURATION' });
    expect(server.grants).toHaveLength(0);
  });

  test.each([
    ['empty', ''],
    ['no text', 5],
    ['longer than 64 KiB', 'x'.repeat(1024 * 1024)],
  ])('a subject of a request that is %s is an error, and nothing is sent', async (_what, subject) => {
    const { server, tokens } = await start({ grant: grant(() => 'configured') });

    const error = await failureOf(tokens.getToken(request(subject as string)));

    expect(error).toMatchObject({ code: 'ERR_CONFIGURATION' });
    expect(String(error)).not.toMatch(/xxx/);
    expect(server.grants).toHaveLength(0);
  });

  test.each<[string, () => string]>([
    ['is empty', () => ''],
    ['is no text', () => 5 as unknown as string],
    ['is longer than 64 KiB', () => 'x'.repeat(1024 * 1024)],
    [
      'could not be read',
      () => {
        throw new Error('no file');
      },
    ],
  ])('a configured source whose token %s is an error, and nothing is sent', async (flaw, source) => {
    const { server, tokens } = await start({ grant: grant(source), retry: { retries: 0 } });

    expect(await failureOf(tokens.getToken())).toMatchObject({
      code: 'ERR_GRANT_UNAVAILABLE',
      message: expect.stringContaining(flaw),
    });
    expect(server.grants).toHaveLength(0);
  });

  test('an outage of the source reaches no caller while the token is valid', async () => {
    let isDown = false;
    const source = (): string => {
      if (isDown) throw new Error('down');
      return 'an-assertion';
    };
    const { tokens, clock, events } = await start({ grant: grant(source), retry: { retries: 0 } });
    await tokens.getToken();
    isDown = true;

    clock.advance(3_600_000 - 40_000);
    expect((await tokens.getToken()).value).toBe('token-1');
    await until(() => events.some(({ type }) => type === 'renewal.failed'));
    expect(events.map(({ type }) => type)).not.toContain('token.unavailable');
  });

  test('a token source is a source, and is asked for another token when the first is rejected', async () => {
    const inner = await startTokenService({ clientId: 'inner' });
    const outer = await start({ grant: grant(inner.tokens as never) });
    outer.server.script(refused('invalid_grant'), granted('final'));

    expect((await outer.tokens.getToken()).value).toBe('final');
    expect(outer.server.grants.map(({ body }) => parametersOf(body)[parameter])).toEqual(['token-1', 'token-2']);
    expect((await outer.tokens.getToken()).value).toBe('final');
    expect(inner.server.grants).toHaveLength(2);
  });

  test('the token of another subject is not taken from the store, and the one of a rotated token is', async () => {
    const store = memoryStore();
    const jwtOf = (sub: string, jti: string) =>
      ['{}', JSON.stringify({ iss: 'https://cluster', sub, jti })].map((part) => btoa(part)).join('.') + '.s';
    const one = await start({ grant: grant(() => jwtOf('anna', '1')), store });
    const { tokenEndpoint } = one.server;
    const clock = one.clock;
    await one.tokens.ready();
    const replica = (subject: string) =>
      createTokenService({ tokenEndpoint, grant: grant(() => subject), store, clock }).getToken();

    expect((await replica(jwtOf('anna', '2'))).value).toBe('token-1');
    expect((await replica(jwtOf('ben', '1'))).value).toBe('token-2');
    expect((await replica('opaque')).value).toBe('token-3');
  });

  test('tokens of users are stored only with encryption', async () => {
    const calls: string[] = [];
    const store = plainStore(memoryStore(), (payload) => void calls.push(payload));
    const plain = await start({ grant: perRequest(), store });
    await plain.tokens.getToken(request('anna'));
    await plain.tokens.flush();
    expect(calls).toEqual([]);

    const sealed = await start({ grant: perRequest(), store: encryptedStore(store, { keys: [randomBytes(32)] }) });
    await sealed.tokens.getToken(request('anna'));
    await sealed.tokens.flush();
    expect(calls).toHaveLength(1);
    expect(calls[0]).not.toContain('token-1');
  });

  test('the events, the snapshot and the errors hold no token', async () => {
    const { server, tokens, events } = await start({ grant: grant(() => 's3cret-assertion') });
    server.script({ status: 400, body: { error: 'invalid_grant', error_description: 'bad s3cret-assertion' } });

    const error = await failureOf(tokens.getToken());

    expect(JSON.stringify([events, tokens.stats(), error, String(error)])).not.toContain('s3cret');
    expect(tokens.stats().grantType).toBe(grantType);
  });
});

test('chains of three ask only the link that has expired', async () => {
  const first = await startTokenService({ clientId: 'first' });
  const second = await startTokenService({ ...withoutClient, grant: jwtBearer({ assertion: first.tokens }) });
  const third = await startTokenService({
    ...withoutClient,
    grant: tokenExchange({ subjectToken: second.tokens, subjectTokenType: 'access_token' }),
  });
  third.server.script(granted('short', { expires_in: 60 }), granted('next'));

  expect((await third.tokens.getToken()).value).toBe('short');
  third.clock.advance(61_000);
  expect((await third.tokens.getToken()).value).toBe('next');
  expect([first, second, third].map(({ server }) => server.grants.length)).toEqual([1, 1, 2]);
});

test('tokenExchange sends the types as URIs, the actor and the requested type', async () => {
  const { server, tokens } = await startTokenService({
    grant: tokenExchange({
      subjectToken: () => 'subject',
      subjectTokenType: 'access_token',
      actorToken: () => 'actor',
      actorTokenType: 'urn:example:type',
      requestedTokenType: 'jwt',
    }),
  });

  await tokens.getToken();

  expect(Object.fromEntries(new URLSearchParams(server.grants[0]?.body))).toMatchObject({
    subject_token: 'subject',
    subject_token_type: 'urn:ietf:params:oauth:token-type:access_token',
    actor_token: 'actor',
    actor_token_type: 'urn:example:type',
    requested_token_type: 'urn:ietf:params:oauth:token-type:jwt',
  });
});

test('a token of the type N_A is for token endpoints only', async () => {
  const { withBearerToken } = await import('../../src/adapters/fetch/index.js');
  const { server, tokens } = await startTokenService({ grant: tokenExchange({ subjectTokenType: 'jwt' }) });
  server.script(
    granted('an-id-jag', { token_type: 'N_A', issued_token_type: 'urn:ietf:params:oauth:token-type:id-jag' }),
  );
  const request = { subjectToken: 'user' };

  expect(await tokens.getToken(request)).toMatchObject({ type: 'N_A', value: 'an-id-jag' });
  const send = withBearerToken(fetch, tokens, { origins: [server.origin], tokenRequest: request });
  await expect(send(`${server.origin}/orders`)).rejects.toMatchObject({
    code: 'ERR_CONFIGURATION',
    message: expect.stringContaining('no access token'),
  });
  expect(server.requests.filter(({ path }) => path === '/orders')).toEqual([]);
});

test('client credentials do not accept N_A', async () => {
  const { server, tokens } = await startTokenService({ retry: { retries: 0 } });
  server.script(granted('x', { token_type: 'N_A' }));

  expect(await failureOf(tokens.getToken())).toMatchObject({ code: 'ERR_TOKEN_RESPONSE' });
});

test('a body as JSON has lists for repeated parameters', async () => {
  const { server, tokens } = await startTokenService({
    ...withoutClient,
    grant: jwtBearer({ assertion: () => 'an-assertion', bodyFormat: 'json' }),
    audience: ['a', 'b'],
  });

  await tokens.getToken();

  expect(server.grants[0]?.headers['content-type']).toBe('application/json');
  expect(JSON.parse(server.grants[0]?.body ?? '')).toEqual({
    grant_type: 'urn:ietf:params:oauth:grant-type:jwt-bearer',
    assertion: 'an-assertion',
    audience: ['a', 'b'],
  });
});

test('authorization details are part of the key, are sent as JSON, and the token holds the granted ones', async () => {
  const { server, tokens } = await startTokenService();
  const details = [{ type: 'payment', amount: { value: 5, currency: 'EUR' } }];
  server.script(granted('a', { authorization_details: [{ type: 'payment', id: 7 }] }), granted('b'));

  const token = await tokens.getToken({ authorizationDetails: details });
  const same = [{ amount: { currency: 'EUR', value: 5 }, type: 'payment' }];

  expect(token.authorizationDetails).toEqual([{ type: 'payment', id: 7 }]);
  expect((await tokens.getToken({ authorizationDetails: same })).value).toBe('a');
  expect((await tokens.getToken()).value).toBe('b');
  expect(JSON.parse(new URLSearchParams(server.grants[0]?.body).get('authorization_details') ?? '')).toEqual(details);
});

test.each<[string, unknown]>([
  ['no list', { type: 'payment' }],
  ['without a type', [{ amount: 5 }]],
  ['no JSON', [{ type: 'payment', amount: 5n }]],
])('authorization details that are %s are an error', async (_what, authorizationDetails) => {
  const { tokens } = await startTokenService();

  expect(await failureOf(tokens.getToken({ authorizationDetails } as TokenRequest))).toMatchObject({
    code: 'ERR_CONFIGURATION',
  });
});

test('a subject for a token service with another grant is an error', async () => {
  const { tokens } = await startTokenService();

  expect(String(await failureOf(tokens.getToken({ subjectToken: 'x' })))).toMatch(/grant: tokenExchange/);
  expect(String(await failureOf(tokens.getToken({ assertion: 'x' })))).toMatch(/grant: jwtBearer/);
});

test('client credentials need a client', () => {
  expect(() => createTokenService({ issuer: 'https://auth.example.com' })).toThrow(/clientSecret/);
});
