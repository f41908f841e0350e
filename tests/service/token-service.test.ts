import { describe, expect, test } from '@jest/globals';

import { clientSecretPost } from '../../src/authentication/client-secret.js';
import { ConfigurationError, GrantRejectedError } from '../../src/core/errors.js';
import type { TokenRequest } from '../../src/core/token-request.js';
import { dpop } from '../../src/grant/dpop.js';
import type { TokenServiceOptions } from '../../src/service/options.js';
import { createTokenService } from '../../src/service/token-service.js';
import { memoryStore } from '../../src/stores/memory.js';
import { granted, refused, startAuthorizationServer } from '../support/authorization-server.js';
import { fakeClock } from '../support/clock.js';
import { failureOf, linesThatShow, secret } from '../support/grant-outcome.js';
import { startTokenService, valueOf } from '../support/token-service.js';

const minute = 60_000;
const hour = 60 * minute;

/** Lets a renewal in the background come to its end. */
async function until(holds: () => boolean): Promise<void> {
  while (!holds()) await new Promise(setImmediate);
}

describe('token services with the same store', () => {
  test('share a token for the same request of the same client [D7 D17]', async () => {
    const clock = fakeClock();
    const store = memoryStore({ clock });
    const one = await startTokenService({ store, clock });
    const other = createTokenService({
      tokenEndpoint: one.server.tokenEndpoint,
      clientId: 'orders',
      clientSecret: 'the same one, or a newer one',
      scope: 'a',
      store,
      clock,
    });

    const { value } = await one.tokens.getToken({ scope: 'a' });

    expect(await valueOf(other)).toBe(value);
    expect(one.server.grants).toHaveLength(1);
  });

  test.each<[string, Partial<TokenServiceOptions>]>([
    ['another client', { clientId: 'invoices' }],
    ['another method', { clientSecret: undefined, clientAuthentication: clientSecretPost(secret) }],
    ['another scope', { scope: 'b' }],
    ['another resource', { resource: 'https://api.example' }],
    ['another audience', { audience: 'api' }],
    ['other parameters', { parameters: { tenant: 'acme' } }],
  ])('do not for %s [D1]', async (_, difference) => {
    const clock = fakeClock();
    const store = memoryStore({ clock });
    const { tokens, server } = await startTokenService({ store, clock });
    await tokens.getToken();

    const { tokenEndpoint } = server;
    const other = createTokenService({
      tokenEndpoint,
      clientId: 'orders',
      clientSecret: secret,
      store,
      clock,
      ...difference,
    });

    expect(await valueOf(other)).toBe('token-2');
  });

  test('do not for another authorization server', async () => {
    const clock = fakeClock();
    const store = memoryStore({ clock });
    const [one, other] = [await startTokenService({ store, clock }), await startTokenService({ store, clock })];

    await one.tokens.getToken();
    await other.tokens.getToken();

    expect(other.server.grants).toHaveLength(1);
  });
});

describe('a token service', () => {
  test('asks once for a thousand callers [D3]', async () => {
    const { server, tokens } = await startTokenService();

    const values = await Promise.all(Array.from({ length: 1_000 }, () => valueOf(tokens)));

    expect(new Set(values)).toEqual(new Set(['token-1']));
    expect(server.grants).toHaveLength(1);
  });

  test('hands out the token it has, until it is due', async () => {
    const { server, tokens, clock } = await startTokenService();

    await tokens.getToken();
    clock.advance(hour - 5 * minute - 1);

    expect(await valueOf(tokens)).toBe('token-1');
    expect(server.grants).toHaveLength(1);
  });

  test('renews a token that is due in the background', async () => {
    const { server, tokens, clock, events } = await startTokenService();
    await tokens.getToken();

    clock.advance(hour - 5 * minute);
    const during = await Promise.all([valueOf(tokens), valueOf(tokens)]);
    await until(() => events.length === 2);

    expect(during).toEqual(['token-1', 'token-1']);
    expect(await valueOf(tokens)).toBe('token-2');
    expect(server.grants).toHaveLength(2);
  });

  test('waits for another token when the one it has has expired', async () => {
    const { tokens, clock } = await startTokenService();
    await tokens.getToken();

    clock.advance(hour);

    expect(await valueOf(tokens)).toBe('token-2');
  });

  test('throws, and hands out nothing, when the server refuses after the expiry', async () => {
    const { server, tokens, clock } = await startTokenService();
    await tokens.getToken();
    server.script(refused('unauthorized_client'));

    clock.advance(hour);

    expect(await failureOf(tokens.getToken())).toBeInstanceOf(GrantRejectedError);
  });

  test('hands out a token without a lifetime to who asked, and keeps it for nobody [A12]', async () => {
    const { server, tokens, events } = await startTokenService();
    server.script(granted('short-1', { expires_in: 0 }), granted('short-2', { expires_in: 0 }));

    expect([await valueOf(tokens), await valueOf(tokens)]).toEqual(['short-1', 'short-2']);
    expect(events.filter(({ type }) => type === 'token.expired_on_arrival')).toHaveLength(2);
  });

  test('keeps a token whose lifetime is unknown for five minutes [A11]', async () => {
    const { server, tokens, clock } = await startTokenService();
    server.script(granted('unknown', { expires_in: undefined }), granted('next'));
    await tokens.getToken();

    clock.advance(3 * minute);
    const kept = await valueOf(tokens);
    clock.advance(2 * minute);

    expect(kept).toBe('unknown');
    expect(await valueOf(tokens)).toBe('next');
  });

  test('replaces a token that was rejected', async () => {
    const { server, tokens } = await startTokenService();
    const rejected = await tokens.getToken();

    const [one, other] = await Promise.all([
      tokens.getToken(undefined, { replacing: rejected }),
      tokens.getToken(undefined, { replacing: rejected }),
    ]);

    expect([one.value, other.value]).toEqual(['token-2', 'token-2']);
    expect(server.grants).toHaveLength(2);
  });

  test('asks for what the options say where a request says nothing', async () => {
    const { server, tokens } = await startTokenService({ scope: 'a', audience: 'api', parameters: { tenant: '1' } });

    await tokens.getToken({ scope: 'b' });
    await tokens.getToken();
    await tokens.getToken({ scope: 'a', audience: ['api'] });

    expect(server.grants.map(({ body }) => new URLSearchParams(body).get('scope'))).toEqual(['b', 'a']);
    expect(server.grants.map(({ body }) => new URLSearchParams(body).get('audience'))).toEqual(['api', 'api']);
  });

  test('chooses the client authentication by the metadata of an issuer [R-59]', async () => {
    const server = await startAuthorizationServer({
      metadata: { token_endpoint_auth_methods_supported: ['client_secret_post'] },
    });
    const tokens = createTokenService({ issuer: server.origin, clientId: 'orders', clientSecret: secret });

    await tokens.getToken();

    expect(new URLSearchParams(server.grants[0]?.body).get('client_secret')).toBe(secret);
  });

  test('writes its events to the logger', async () => {
    const lines: unknown[] = [];
    const write = (line: unknown) => lines.push(line);
    const { tokens } = await startTokenService({ logger: { debug: write, info: write, warn: write, error: write } });

    await tokens.getToken();

    expect(lines).toMatchObject([{ type: 'grant.succeeded' }, { type: 'token.awaited' }]);
  });
});

describe('ready', () => {
  test('fetches the default token', async () => {
    const { server, tokens } = await startTokenService({ scope: 'a' });

    await expect(tokens.ready()).resolves.toBeUndefined();
    await tokens.getToken();

    expect(server.grants).toHaveLength(1);
  });

  test('fails fast with the error of the grant', async () => {
    const { server, tokens } = await startTokenService();
    server.script(refused('invalid_client', { status: 401 }));

    const error = await failureOf(tokens.ready());

    expect(error).toBeInstanceOf(GrantRejectedError);
    expect(error).toMatchObject({ error: 'invalid_client' });
  });

  test('gives up when its signal is aborted, and leaves the grant to others [B6]', async () => {
    const { server, tokens } = await startTokenService();
    const controller = new AbortController();
    let answer: (() => void) | undefined;
    const asked = new Promise<void>((resolve) => {
      server.script(async () => {
        resolve();
        await new Promise<void>((answered) => {
          answer = answered;
        });
        return granted('late');
      });
    });

    const ready = failureOf(tokens.ready({ signal: controller.signal }));
    const other = valueOf(tokens);
    await asked;
    controller.abort(new Error('no time'));

    expect(await ready).toEqual(new Error('no time'));
    answer?.();
    expect(await other).toBe('late');
    expect(server.grants).toHaveLength(1);
  });

  test('asks nobody when its signal is aborted before', async () => {
    const { server, tokens } = await startTokenService();

    const error = await failureOf(tokens.ready({ signal: AbortSignal.abort(new Error('no time')) }));

    expect(error).toEqual(new Error('no time'));
    expect(server.grants).toEqual([]);
  });
});

test('a misspelt member of a request is refused, not ignored [F10]', async () => {
  const { server, tokens } = await startTokenService({ scope: 'a' });

  const error = await failureOf(tokens.getToken({ scopes: 'b' } as never));

  expect(error).toBeInstanceOf(ConfigurationError);
  expect(server.grants).toEqual([]);
});

test('a malformed request rejects, and does not throw [F10]', async () => {
  const { tokens } = await startTokenService();

  const answer = tokens.getToken({ scope: 'a"b' });

  expect(await failureOf(answer)).toBeInstanceOf(ConfigurationError);
});

test('holds no secret that can be printed [R-24 F4]', async () => {
  const { tokens } = await startTokenService();
  await tokens.getToken();

  expect(linesThatShow(secret, tokens)).toEqual([]);
  expect(linesThatShow('token-1', tokens)).toEqual([]);
});

test('token services with the same store share no token when they hold other certificates or keys [F7 F8]', async () => {
  const clock = fakeClock();
  const store = memoryStore({ clock });
  const { server } = await startTokenService({ clock });
  const { tokenEndpoint } = server;
  const presenting = (thumbprint: string) => ({
    clientAuthentication: { ...clientSecretPost(secret), certificateThumbprint: async () => thumbprint },
  });
  const keyed = () => ({ clientAuthentication: clientSecretPost(secret), dpop: dpop({ requireBinding: false }) });

  const values: string[] = [];
  for (const held of [presenting('a'), presenting('a'), presenting('b'), keyed(), keyed()]) {
    values.push(await valueOf(createTokenService({ tokenEndpoint, clientId: 'orders', store, clock, ...held })));
  }

  expect(values).toEqual(['token-1', 'token-1', 'token-2', 'token-3', 'token-4']);
});

test.each([
  ['a promise', () => Promise.resolve({ scope: 's3cret' })],
  ['a Map', () => new Map([['scope', 's3cret']])],
  ['URLSearchParams', () => new URLSearchParams({ scope: 's3cret' })],
  ['null', () => null],
])('a call whose token request is %s fails, and gets no token for the default request [E39]', async (_what, make) => {
  const { server, tokens } = await startTokenService({ scope: 'default' });
  await tokens.getToken();

  const error = await failureOf(tokens.getToken(make() as TokenRequest));

  expect(error).toBeInstanceOf(ConfigurationError);
  expect(linesThatShow('s3cret', error)).toEqual([]);
  expect(server.grants).toHaveLength(1);
});
