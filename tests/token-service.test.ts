import { describe, expect, test } from '@jest/globals';

import { ConfigurationError, GrantRejectedError } from '../src/errors.js';
import type { TokenEvent } from '../src/events.js';
import { createTokenService, type TokenService, type TokenServiceOptions } from '../src/token-service.js';
import {
  granted,
  refused,
  type ScriptedAuthorizationServer,
  startAuthorizationServer,
} from './support/authorization-server.js';
import { fakeClock, type FakeClock } from './support/clock.js';
import { failureOf, linesThatShow, secret } from './support/grant-outcome.js';

const minute = 60_000;
const hour = 60 * minute;

interface Running {
  readonly server: ScriptedAuthorizationServer;
  readonly tokens: TokenService;
  readonly clock: FakeClock;
  readonly events: readonly TokenEvent[];
}

/** A token service at an authorization server that grants `token-1`, `token-2` and so on. */
async function running(options: Partial<TokenServiceOptions> = {}): Promise<Running> {
  const [server, clock] = [await startAuthorizationServer(), fakeClock()];
  const events: TokenEvent[] = [];
  const tokens = createTokenService({
    tokenEndpoint: server.tokenEndpoint,
    clientId: 'orders',
    clientSecret: secret,
    clock,
    random: () => 0,
    onEvent: (event) => events.push(event),
    ...options,
  });
  return { server, tokens, clock, events };
}

const valueOf = async (tokens: TokenService): Promise<string> => (await tokens.getToken()).value;

/** Lets a renewal in the background come to its end. */
async function until(holds: () => boolean): Promise<void> {
  while (!holds()) await new Promise(setImmediate);
}

describe('a token service', () => {
  test('D3 asks once for a thousand callers', async () => {
    const { server, tokens } = await running();

    const values = await Promise.all(Array.from({ length: 1_000 }, () => valueOf(tokens)));

    expect(new Set(values)).toEqual(new Set(['token-1']));
    expect(server.grants).toHaveLength(1);
  });

  test('hands out the token it has, until it is due', async () => {
    const { server, tokens, clock } = await running();

    await tokens.getToken();
    clock.advance(hour - 5 * minute - 1);

    expect(await valueOf(tokens)).toBe('token-1');
    expect(server.grants).toHaveLength(1);
  });

  test('renews a token that is due in the background', async () => {
    const { server, tokens, clock, events } = await running();
    await tokens.getToken();

    clock.advance(hour - 5 * minute);
    const during = await Promise.all([valueOf(tokens), valueOf(tokens)]);
    await until(() => events.length === 2);

    expect(during).toEqual(['token-1', 'token-1']);
    expect(await valueOf(tokens)).toBe('token-2');
    expect(server.grants).toHaveLength(2);
  });

  test('waits for another token when the one it has has expired', async () => {
    const { tokens, clock } = await running();
    await tokens.getToken();

    clock.advance(hour);

    expect(await valueOf(tokens)).toBe('token-2');
  });

  test('throws, and hands out nothing, when the server refuses after the expiry', async () => {
    const { server, tokens, clock } = await running();
    await tokens.getToken();
    server.script(refused('unauthorized_client'));

    clock.advance(hour);

    expect(await failureOf(tokens.getToken())).toBeInstanceOf(GrantRejectedError);
  });

  test('A12 hands out a token without a lifetime to who asked, and keeps it for nobody', async () => {
    const { server, tokens, events } = await running();
    server.script(granted('short-1', { expires_in: 0 }), granted('short-2', { expires_in: 0 }));

    expect([await valueOf(tokens), await valueOf(tokens)]).toEqual(['short-1', 'short-2']);
    expect(events.filter(({ type }) => type === 'token.expired_on_arrival')).toHaveLength(2);
  });

  test('A11 keeps a token whose lifetime is unknown for five minutes', async () => {
    const { server, tokens, clock } = await running();
    server.script(granted('unknown', { expires_in: undefined }), granted('next'));
    await tokens.getToken();

    clock.advance(3 * minute);
    const kept = await valueOf(tokens);
    clock.advance(2 * minute);

    expect(kept).toBe('unknown');
    expect(await valueOf(tokens)).toBe('next');
  });

  test('replaces a token that was rejected', async () => {
    const { server, tokens } = await running();
    const rejected = await tokens.getToken();

    const [one, other] = await Promise.all([
      tokens.getToken(undefined, { replacing: rejected }),
      tokens.getToken(undefined, { replacing: rejected }),
    ]);

    expect([one.value, other.value]).toEqual(['token-2', 'token-2']);
    expect(server.grants).toHaveLength(2);
  });

  test('asks for what the options say where a request says nothing', async () => {
    const { server, tokens } = await running({ scope: 'a', audience: 'api', parameters: { tenant: '1' } });

    await tokens.getToken({ scope: 'b' });
    await tokens.getToken();
    await tokens.getToken({ scope: 'a', audience: ['api'] });

    expect(server.grants.map(({ body }) => new URLSearchParams(body).get('scope'))).toEqual(['b', 'a']);
    expect(server.grants.map(({ body }) => new URLSearchParams(body).get('audience'))).toEqual(['api', 'api']);
  });

  test('R-59 chooses the client authentication by the metadata of an issuer', async () => {
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
    const { tokens } = await running({ logger: { debug: write, info: write, warn: write, error: write } });

    await tokens.getToken();

    expect(lines).toMatchObject([{ type: 'grant.succeeded' }]);
  });
});

describe('ready', () => {
  test('fetches the default token', async () => {
    const { server, tokens } = await running({ scope: 'a' });

    await expect(tokens.ready()).resolves.toBeUndefined();
    await tokens.getToken();

    expect(server.grants).toHaveLength(1);
  });

  test('fails fast with the error of the grant', async () => {
    const { server, tokens } = await running();
    server.script(refused('invalid_client', { status: 401 }));

    const error = await failureOf(tokens.ready());

    expect(error).toBeInstanceOf(GrantRejectedError);
    expect(error).toMatchObject({ error: 'invalid_client' });
  });

  test('B6 gives up when its signal is aborted, and leaves the grant to others', async () => {
    const { server, tokens } = await running();
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
    const { server, tokens } = await running();

    const error = await failureOf(tokens.ready({ signal: AbortSignal.abort(new Error('no time')) }));

    expect(error).toEqual(new Error('no time'));
    expect(server.grants).toEqual([]);
  });
});

describe('options', () => {
  const right = { issuer: 'https://auth.example', clientId: 'orders', clientSecret: secret };
  const make = (options: object) => () => createTokenService({ ...right, ...options });

  test('nothing happens until a token is asked for', () => {
    expect(make({ issuer: 'https://unreachable.invalid' })).not.toThrow();
  });

  test.each([
    ['issuers', 'issuer'],
    ['tokenEndPoint', 'tokenEndpoint'],
    ['token_endpoint', 'tokenEndpoint'],
    ['client_id', 'clientId'],
    ['clientID', 'clientId'],
    ['client_secret', 'clientSecret'],
    ['scopes', 'scope'],
    ['timeout', 'timeoutMs'],
    ['onEvents', 'onEvent'],
    ['authentication', 'clientAuthentication'],
    ['defaultLifetime', 'defaultLifetimeSeconds'],
  ])('F10 "%s" is unknown, and the nearest right name is "%s"', (name, nearest) => {
    expect(make({ [name]: 'x' })).toThrow(ConfigurationError);
    expect(make({ [name]: 'x' })).toThrow(`createTokenService has no option "${name}"; did you mean "${nearest}"?`);
  });

  test.each([
    ['cache', 'maxToken', 'maxTokens'],
    ['refresh', 'cap', 'capMs'],
    ['refresh', 'shares', 'share'],
  ])('F10 "%s" has no option "%s", and the nearest right name is "%s"', (group, name, nearest) => {
    expect(make({ [group]: { [name]: 1 } })).toThrow(ConfigurationError);
    expect(make({ [group]: { [name]: 1 } })).toThrow(`no option "${name}"; did you mean "${nearest}"?`);
    expect(make({ [group]: { [name]: 1 } })).toThrow(`createTokenService's "${group}"`);
  });

  test.each<[string, object]>([
    ['issuer', { issuer: 5 }],
    ['issuer', { issuer: '' }],
    ['issuer', { issuer: new URL('https://auth.example') }],
    ['tokenEndpoint', { issuer: undefined, tokenEndpoint: ['https://auth.example/token'] }],
    ['clientId', { clientId: '' }],
    ['clientId', { clientId: 5 }],
    ['clientSecret', { clientSecret: '' }],
    ['clientSecret', { clientSecret: 5 }],
    ['clientSecret', { clientSecret: Promise.resolve(secret) }],
    ['clientAuthentication', { clientSecret: undefined, clientAuthentication: 'client_secret_basic' }],
    ['clientAuthentication', { clientSecret: undefined, clientAuthentication: () => {} }],
    ['clientAuthentication', { clientSecret: undefined, clientAuthentication: {} }],
    ['scope', { scope: 5 }],
    ['scope', { scope: ['a', 5] }],
    ['resource', { resource: {} }],
    ['audience', { audience: true }],
    ['parameters', { parameters: 'a=b' }],
    ['parameters', { parameters: ['a'] }],
    ['parameters.tenant', { parameters: { tenant: 5 } }],
    ['cache', { cache: 100 }],
    ['maxTokens', { cache: { maxTokens: 0 } }],
    ['maxTokens', { cache: { maxTokens: 1.5 } }],
    ['maxTokens', { cache: { maxTokens: Infinity } }],
    ['refresh', { refresh: true }],
    ['share', { refresh: { share: 0 } }],
    ['share', { refresh: { share: 0.6 } }],
    ['share', { refresh: { share: '0.2' } }],
    ['capMs', { refresh: { capMs: -1 } }],
    ['timeoutMs', { timeoutMs: 0 }],
    ['timeoutMs', { timeoutMs: '5000' }],
    ['timeoutMs', { timeoutMs: NaN }],
    ['timeoutMs', { timeoutMs: Infinity }],
    ['timeoutMs', { timeoutMs: 2 ** 31 }],
    ['defaultLifetimeSeconds', { defaultLifetimeSeconds: 0 }],
    ['logger', { logger: true }],
    ['logger', { logger: {} }],
    ['onEvent', { onEvent: {} }],
    ['fetch', { fetch: 'undici' }],
    ['clock', { clock: Date.now }],
    ['clock', { clock: {} }],
    ['random', { random: 0.5 }],
  ])('F10 a wrong type is refused, and "%s" named: %p', (name, options) => {
    expect(make(options)).toThrow(ConfigurationError);
    expect(make(options)).toThrow(`"${name}"`);
    expect(make(options)).toThrow(/must be/);
    expect(make(options)).not.toThrow(secret);
  });

  test.each([[undefined], [null], ['https://auth.example'], [[]]])('F10 refuses %p in place of options', (options) => {
    expect(() => createTokenService(options as unknown as TokenServiceOptions)).toThrow(ConfigurationError);
  });

  test.each([
    [{ issuer: undefined }, 'needs "issuer" or "tokenEndpoint"'],
    [{ tokenEndpoint: 'https://auth.example/token' }, 'takes either "issuer" or "tokenEndpoint", not both'],
    [{ clientSecret: undefined }, 'needs "clientSecret" or "clientAuthentication"'],
    [
      { clientAuthentication: { prepare: () => {}, fingerprint: () => {} } },
      'takes either "clientSecret" or "clientAuthentication", not both',
    ],
    [{ clientId: undefined }, 'needs "clientId"'],
  ])('F5 F10 with %p createTokenService %s', (options, message) => {
    expect(make(options)).toThrow(ConfigurationError);
    expect(make(options)).toThrow(`createTokenService ${message}`);
  });

  test.each(['clientId', 'clientSecret', 'issuer'])(
    'F5 "%s" that is there but undefined or null, as of a missing environment variable, is said to be so',
    (name) => {
      expect(make({ [name]: undefined })).toThrow(new RegExp(`"${name}".*undefined`));
      expect(make({ [name]: null })).toThrow(new RegExp(`"${name}".*null`));
    },
  );

  test('F5 what is not there at all is not said to be undefined', () => {
    expect(() => createTokenService({} as TokenServiceOptions)).toThrow(/needs "issuer" or "tokenEndpoint"$/);
  });

  test('R-12 there is no grant without client authentication', () => {
    expect(make({ clientSecret: undefined })).toThrow(ConfigurationError);
  });

  describe.each(['issuer', 'tokenEndpoint'])('"%s"', (name) => {
    const at = (url: string) => make({ issuer: undefined, [name]: url });

    test.each([
      'https://auth.example',
      'https://auth.example/tenant/',
      'https://10.0.0.1:8443/x',
      'http://localhost:3000',
      'http://127.0.0.1:3000',
      'http://127.9.9.9',
      'http://[::1]:3000',
    ])('R-27 R-30 R-56 may be %s', (url) => {
      expect(at(url)).not.toThrow();
    });

    test.each([
      'http://auth.example/token',
      'http://10.0.0.1',
      'http://localhost.example',
      'ftp://localhost/',
      'ws://localhost',
    ])('R-27 R-30 R-56 may not be %s', (url) => {
      expect(at(url)).toThrow(ConfigurationError);
      expect(at(url)).toThrow(`"${name}" must be an https URL`);
    });

    test.each(['auth.example', '/token', 'https://', 'https://auth.example/#', 'https://auth.example/token#x', 'a b'])(
      'R-06 may not be %s',
      (url) => {
        expect(at(url)).toThrow(ConfigurationError);
        expect(at(url)).toThrow(`"${name}" must be an absolute URL without a fragment`);
      },
    );

    test.each([
      'https://orders:s3cr3t@auth.example/',
      'https://s3cr3t@auth.example/',
      'https://orders:s3cr3t@auth.example/#x',
      'http://orders:s3cr3t@auth.example/',
    ])('R-10 R-24 may not hold credentials, and these are not repeated: %s', (url) => {
      expect(at(url)).toThrow(ConfigurationError);
      expect(at(url)).not.toThrow('s3cr3t');
    });
  });

  test.each([
    [{ scope: 'a"b' }, '"scope"'],
    [{ resource: 'https://api.example/#x' }, '"resource"'],
    [{ parameters: { client_secret: 'x' } }, '"parameters" must not hold "client_secret"'],
  ])('R-04 R-13 R-52 a malformed default request is refused at once: %p', (options, message) => {
    expect(make(options)).toThrow(ConfigurationError);
    expect(make(options)).toThrow(message);
  });

  test('F10 a misspelt member of a request is refused, not ignored', async () => {
    const { server, tokens } = await running({ scope: 'a' });

    const error = await failureOf(tokens.getToken({ scopes: 'b' } as never));

    expect(error).toBeInstanceOf(ConfigurationError);
    expect(server.grants).toEqual([]);
  });

  test('F10 a malformed request rejects, and does not throw', async () => {
    const { tokens } = await running();

    const answer = tokens.getToken({ scope: 'a"b' });

    expect(await failureOf(answer)).toBeInstanceOf(ConfigurationError);
  });
});

test('R-24 F4 holds no secret that can be printed', async () => {
  const { tokens } = await running();
  await tokens.getToken();

  expect(linesThatShow(secret, tokens)).toEqual([]);
  expect(linesThatShow('token-1', tokens)).toEqual([]);
});
