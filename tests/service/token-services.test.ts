import { AsyncLocalStorage } from 'node:async_hooks';
import { setImmediate } from 'node:timers/promises';
import { inspect } from 'node:util';
import { setFlagsFromString } from 'node:v8';
import { runInNewContext } from 'node:vm';

import { describe, expect, test } from '@jest/globals';

import { ConfigurationError } from '../../src/core/errors.js';
import type { TokenEvent } from '../../src/core/events.js';
import { jwtBearer } from '../../src/grant/jwt-bearer.js';
import type { WatchedToken } from '../../src/layers/watch.js';
import type { TokenServiceOptions } from '../../src/service/options.js';
import { createTokenServices, type TokenServices } from '../../src/service/token-services.js';
import { memoryStore } from '../../src/stores/memory.js';
import { gate } from '../support/adapter-service.js';
import { failureOf } from '../support/grant-outcome.js';
import { until } from '../support/until.js';
import { tenantOptions, tenantTokenEndpoint } from '../support/token-services.js';

setFlagsFromString('--expose_gc');
const collectGarbage = runInNewContext('gc') as () => void;

/** Services of which each has a client of its own, and the names that `optionsOf` was called with. */
function startServices(options: Parameters<typeof createTokenServices>[1] = {}) {
  const read: string[] = [];
  const fetch = tenantTokenEndpoint();
  const services = createTokenServices((name) => {
    read.push(name);
    return tenantOptions(name, { fetch });
  }, options);
  return { services, read };
}

const valueOf = async (services: TokenServices, name: string): Promise<string> =>
  (await services.of(name).getToken()).value;

describe('a name', () => {
  test('has a token service of its own, which is made on first use', async () => {
    const { services, read } = startServices();
    const [acme, globex] = [services.of('acme'), services.of('globex')];
    expect(read).toEqual([]);

    const values = [await acme.getToken(), await globex.getToken(), await acme.getToken()].map(({ value }) => value);

    expect(values).toEqual(['acme-1', 'globex-1', 'acme-1']);
    expect(read).toEqual(['acme', 'globex']);
  });

  test('has its options read once for all calls that wait for them', async () => {
    const { opened, open } = gate();
    const read: string[] = [];
    const services = createTokenServices(async (name) => {
      read.push(name);
      await opened;
      return tenantOptions(name);
    });
    const calls = [services.of('acme').getToken(), services.of('acme').ready(), services.of('acme').getToken()];
    await setImmediate();
    expect(services.stats().opening).toBe(1);
    open();
    await Promise.all(calls);

    expect(read).toEqual(['acme']);
    expect(services.stats()).toMatchObject({ opening: 0, requests: { grant: 1, joined: 2 } });
  });

  test.each([undefined, null, 5, '', {}, ['acme'], Promise.resolve('acme')])('is not %p', (name) => {
    const { services } = startServices();

    expect(() => services.of(name as string)).toThrow(/^"name" of token services must be a non-empty string/);
    expect(() => services.close(name as string)).toThrow(ConfigurationError);
  });

  test.each(['__proto__', 'constructor', ' ', 'a\nb', 'ü'])('may be %j', async (name) => {
    const services = createTokenServices(() => tenantOptions('acme'));

    await services.of(name).ready();

    expect(Object.keys(services.stats().services)).toEqual([name]);
    expect(services.of(name).stats().service).toBe(name);
  });
});

describe('options that cannot be read', () => {
  test('are read again by the next call', async () => {
    let isDown = true;
    const services = createTokenServices(async (name) => {
      if (isDown) throw new Error('database is down');
      return tenantOptions(name);
    });
    const acme = services.of('acme');
    const error = await failureOf(acme.getToken());
    isDown = false;

    expect(error).toMatchObject({
      code: 'ERR_GRANT_UNAVAILABLE',
      message: 'the options of the token service "acme" could not be read; see "cause"',
      cause: { message: 'database is down' },
    });
    expect((await acme.getToken()).value).toBe('acme-1');
  });

  test.each<[string, () => unknown, RegExp]>([
    ['undefined', () => undefined, /^the token service "acme" cannot be made: createTokenService needs an object/],
    ['a list', () => [], /"acme" cannot be made: createTokenService needs an object of options/],
    ['a Map', () => new Map(), /"acme" cannot be made: createTokenService needs an object of options/],
    ['a text', () => 's3cret', /"acme" cannot be made: createTokenService needs an object of options/],
    ['an unknown option', () => ({ ...tenantOptions('acme'), tenant: 'a' }), /"acme" cannot be made: .*"tenant"/],
    ['no client', () => ({ issuer: 'https://auth.example.com' }), /"acme" cannot be made: .*"clientSecret"/],
  ])('because they are %s are a configuration error that names the service', async (_name, optionsOf, message) => {
    const services = createTokenServices(optionsOf as () => TokenServiceOptions);

    const error = await failureOf(services.of('acme').getToken());

    expect(error).toMatchObject({ code: 'ERR_CONFIGURATION' });
    expect((error as Error).message).toMatch(message);
    expect(inspect(error)).not.toContain('s3cret');
  });

  test('because optionsOf throws a ConfigurationError, such as for an unknown tenant, fail with that error', async () => {
    const unknown = new ConfigurationError('no tenant acme');
    const services = createTokenServices(() => {
      throw unknown;
    });

    expect(await failureOf(services.of('acme').getToken())).toBe(unknown);
  });

  test('because optionsOf hangs end with the signal of each caller, and fail after the time limit', async () => {
    let calls = 0;
    const services = createTokenServices(
      async (name) => {
        calls += 1;
        return calls === 1 ? new Promise<never>(() => undefined) : tenantOptions(name);
      },
      { timeoutMs: 50 },
    );
    const caller = new AbortController();
    const aborted = failureOf(services.of('acme').getToken(undefined, { signal: caller.signal }));
    const other = failureOf(services.of('acme').getToken());
    caller.abort(new Error('the caller left'));

    expect(await aborted).toMatchObject({ message: 'the caller left' });
    expect(await other).toMatchObject({
      code: 'ERR_GRANT_UNAVAILABLE',
      message: 'the options of the token service "acme" could not be read: "optionsOf" took longer than 50 ms',
    });
    expect(await valueOf(services, 'acme')).toBe('acme-1');
  });

  test('are an event of the service, but not for a caller that has left', async () => {
    const events: TokenEvent[] = [];
    const services = createTokenServices(
      async () => {
        throw new Error('database is down');
      },
      { onEvent: (event) => void events.push(event) },
    );
    await failureOf(services.of('acme').getToken({ scope: 'orders:read' }));
    await failureOf(services.of('acme').getToken(undefined, { signal: AbortSignal.abort() }));

    expect(events).toMatchObject([{ type: 'token.unavailable', service: 'acme', requestedScope: 'orders:read' }]);
  });

  test('do not evict another service', async () => {
    const services = createTokenServices(
      (name) => {
        if (name !== 'acme') throw new Error('unknown');
        return tenantOptions(name);
      },
      { max: 1 },
    );
    await services.of('acme').ready();
    await failureOf(services.of('intruder').getToken());

    expect(Object.keys(services.stats().services)).toEqual(['acme']);
  });

  test('are not read for a call with wrong arguments', async () => {
    const { services, read } = startServices();

    for (const call of [{ scope: 5 }, { unknown: true }, 'text']) {
      expect(await failureOf(services.of('acme').getToken(call as object))).toMatchObject({
        code: 'ERR_CONFIGURATION',
      });
    }
    for (const options of [null, { signal: 'no signal' }, { minValidityMs: -1 }]) {
      const error = await failureOf(services.of('acme').getToken(undefined, options as object));
      expect(error).toMatchObject({ code: 'ERR_CONFIGURATION' });
    }
    expect(read).toEqual([]);
  });
});

describe('the least recently used service', () => {
  test('is closed beyond "max": its tokens are dropped, and its options are read again', async () => {
    const { services, read } = startServices({ max: 2 });
    for (const name of ['acme', 'globex', 'acme', 'initech']) await valueOf(services, name);

    expect(Object.keys(services.stats().services)).toEqual(['initech', 'acme']);
    expect(services.stats()).toMatchObject({ max: 2, evictions: 1 });
    expect(await valueOf(services, 'globex')).toBe('globex-2');
    expect(read).toEqual(['acme', 'globex', 'initech', 'globex']);
  });

  test('finishes the calls that are under way with it', async () => {
    const { opened, open } = gate();
    const answer = tenantTokenEndpoint();
    const slow: typeof fetch = async (...call) => {
      await opened;
      return answer(...call);
    };
    const services = createTokenServices((name) => tenantOptions(name, { fetch: name === 'acme' ? slow : answer }), {
      max: 1,
    });
    const first = services.of('acme').getToken();
    await setImmediate();
    await services.of('globex').ready();
    expect(Object.keys(services.stats().services)).toEqual(['globex']);
    open();

    expect((await first).value).toBe('acme-1');
    // Nothing is lost from the counts.
    expect(services.stats().requests).toMatchObject({ grant: 2 });
    expect(await valueOf(services, 'acme')).toBe('acme-2');
    expect(services.stats().requests).toMatchObject({ grant: 3 });
  });

  test('is used by callers that waited for it, even if others took its place in the meantime', async () => {
    const { services } = startServices({ max: 1 });
    const names = Array.from({ length: 20 }, (_, index) => `tenant${index}`);

    const values = await Promise.all(names.map((name) => valueOf(services, name)));

    expect(values).toEqual(names.map((name) => `${name}-1`));
    expect(services.stats()).toMatchObject({ evictions: 19, requests: { grant: 20 } });
  });
});

describe('two names', () => {
  const both = async (optionsOf: (name: string) => Partial<TokenServiceOptions>, max = 10) => {
    const services = createTokenServices((name) => tenantOptions('shared', optionsOf(name)), { max });
    await services.of('acme').getToken();
    return failureOf(services.of('globex').getToken());
  };

  test.each<[string, (name: string) => Partial<TokenServiceOptions>]>([
    ['the same options', () => ({})],
    ['the same client with another secret', (name) => ({ clientSecret: `s3cret-${name}` })],
    [
      'the same server in another spelling',
      (name) => (name === 'acme' ? {} : { tokenEndpoint: 'https://AUTH.example.com:443/token' }),
    ],
    ['scopes in another order', (name) => ({ scope: name === 'acme' ? 'a b' : ['b', 'a'] })],
  ])('cannot have %s', async (_name, optionsOf) => {
    const error = await both(optionsOf);

    expect(error).toMatchObject({ code: 'ERR_CONFIGURATION' });
    expect((error as Error).message).toMatch(/returned the same client "client-of-shared" for "acme" and "globex"/);
    expect(inspect(error)).not.toContain('s3cret');
  });

  test.each<[string, (name: string) => Partial<TokenServiceOptions>]>([
    ['scopes', (name) => ({ scope: `${name}:read` })],
    ['audiences', (name) => ({ audience: name })],
    ['resources', (name) => ({ resource: `https://${name}.example.com` })],
    ['parameters', (name) => ({ parameters: { tenant: name } })],
    ['authorization servers', (name) => ({ tokenEndpoint: `https://${name}.example.com/token` })],
    ['client identifiers', (name) => ({ clientId: `client-of-${name}` })],
    ['assertions', (name) => ({ grant: jwtBearer({ assertion: () => `${name}.e30.c` }) })],
  ])('can have different %s', async (_name, optionsOf) => {
    const services = createTokenServices((name) => tenantOptions('shared', optionsOf(name)));

    await services.of('acme').ready();
    await services.of('globex').ready();

    expect(Object.keys(services.stats().services)).toEqual(['globex', 'acme']);
  });

  test('cannot have the same client either if the first service was closed', async () => {
    const services = createTokenServices((name) => tenantOptions(name === 'globex' ? 'acme' : name), { max: 1 });
    await services.of('acme').getToken();
    await services.of('initech').getToken();

    expect(await failureOf(services.of('globex').getToken())).toMatchObject({ code: 'ERR_CONFIGURATION' });
    // A tenant that was renamed.
    services.close('acme');
    expect(await valueOf(services, 'globex')).toBe('acme-1');
  });

  test('keep their services if one of them is refused', async () => {
    const services = createTokenServices((name) => tenantOptions(name === 'globex' ? 'acme' : name));
    const acme = await services.of('acme').getToken();
    await failureOf(services.of('globex').getToken());

    expect(await services.of('acme').getToken()).toBe(acme);
    expect(services.of('globex').stats().authorizationServer).toBe('');
  });
});

describe('close', () => {
  test('makes the next call read the options again, such as those of a rotated client', async () => {
    let client = 'first';
    const services = createTokenServices(() => tenantOptions(client));
    await services.of('acme').getToken();
    client = 'second';
    expect(await valueOf(services, 'acme')).toBe('first-1');
    services.close('acme');

    expect(await valueOf(services, 'acme')).toBe('second-1');
    // The earlier client of the name is free.
    client = 'first';
    expect(await valueOf(services, 'globex')).toBe('first-1');
  });

  test('while the options are read makes the callers wait for the newer ones', async () => {
    const gates = [gate(), gate()];
    let calls = 0;
    const services = createTokenServices(async () => {
      const call = calls;
      calls += 1;
      await gates[call]?.opened;
      return tenantOptions(`client${call}`);
    });
    const before = valueOf(services, 'acme');
    services.close('acme');
    const after = valueOf(services, 'acme');
    gates.toReversed().forEach(({ open }) => open());

    expect(await Promise.all([before, after])).toEqual(['client1-1', 'client1-1']);
    expect(calls).toBe(2);
  });

  test('of a name without a service does nothing', async () => {
    const { services } = startServices();
    services.close('acme');

    expect(services.stats()).toMatchObject({ services: {}, evictions: 0 });
  });
});

describe('all services', () => {
  test('are revoked and counted together', async () => {
    const revoked: string[] = [];
    const grant = tenantTokenEndpoint();
    const services = createTokenServices((name) =>
      tenantOptions(name, {
        revocationEndpoint: 'https://auth.example.com/revoke',
        async fetch(url, init) {
          if (url !== 'https://auth.example.com/revoke') return grant(url, init);
          revoked.push(new URLSearchParams(init?.body as URLSearchParams).get('token') ?? '');
          return name === 'broken' ? new Response('', { status: 503 }) : new Response('');
        },
      }),
    );
    for (const name of ['acme', 'globex', 'acme']) await services.of(name).getToken();

    expect(await services.revoke()).toBe(true);
    expect(revoked.toSorted()).toEqual(['acme-1', 'globex-1']);
    expect(services.stats().requests).toMatchObject({ grant: 2, memory: 1 });
    expect(await valueOf(services, 'acme')).toBe('acme-2');
    await services.of('broken').getToken();
    expect(await services.revoke()).toBe(false);
  });

  test('are not opened to be revoked, flushed or shown', async () => {
    const { services, read } = startServices();
    const acme = services.of('acme');

    expect(await acme.revoke()).toBe(true);
    await acme.flush();
    expect(acme.stats()).toMatchObject({ service: 'acme', tokens: [] });
    expect(acme.report?.({ type: 'http.allowed', origins: [] })).toMatchObject({ service: 'acme' });
    expect(await services.revoke()).toBe(true);
    await services.flush();
    expect(read).toEqual([]);
  });

  test('are flushed together', async () => {
    const { opened, open } = gate();
    const store = memoryStore();
    const slow = {
      ...store,
      set: async (...call: Parameters<typeof store.set>) => opened.then(() => store.set(...call)),
    };
    const services = createTokenServices((name) => tenantOptions(name, { store: slow }));
    await Promise.all(['acme', 'globex'].map((name) => services.of(name).getToken()));
    const flushed = services.flush().then(() => 'flushed');

    expect(await Promise.race([flushed, setImmediate('pending')])).toBe('pending');
    open();
    expect(await flushed).toBe('flushed');
  });

  test('name themselves in their events, unless the options have a name', async () => {
    const events: TokenEvent[] = [];
    const services = createTokenServices(
      (name) => tenantOptions(name, name === 'globex' ? { name: 'of globex' } : {}),
      { onEvent: (event) => void events.push(event) },
    );
    await services.of('acme').ready();
    await services.of('globex').ready();
    const granted = events.filter(({ type }) => type === 'grant.succeeded');

    expect(granted.map(({ service }) => service)).toEqual(['acme', 'of globex']);
  });
});

test('the context of the request that made a service is not kept alive by it [D29]', async () => {
  await Response.json({}).text();
  const requests = new AsyncLocalStorage<object>();
  const { services } = startServices();
  let context: object | undefined = { of: 'the first request' };
  const reference = new WeakRef(context);

  await requests.run(context, () => services.of('acme').ready());
  context = undefined;
  for (let turn = 0; turn < 100 && reference.deref() !== undefined; turn += 1) {
    await setImmediate();
    collectGarbage();
  }

  expect(reference.deref()).toBeUndefined();
});

test('a service that was opened while an earlier opening was closed stays in use', async () => {
  const reads: (() => void)[] = [];
  const services = createTokenServices(async (name) => {
    await new Promise<void>((resolve) => reads.push(resolve));
    return tenantOptions(name);
  });
  const early = services.of('acme').getToken();
  await until(() => reads.length === 1);
  services.close('acme');
  const late = services.of('acme').getToken();
  await until(() => reads.length === 2);
  reads[1]?.();
  const token = await late;
  reads[0]?.();

  expect((await early).value).toBe(token.value);
  expect(reads).toHaveLength(2);
});

describe('watch', () => {
  const begin = (services: TokenServices, end: AbortController): string[] => {
    const told: string[] = [];
    const tell = ({ token, error }: WatchedToken) => told.push(`${token?.value} ${error?.code ?? 'ok'}`);
    services.of('acme').watch(tell, { signal: end.signal });
    return told;
  };

  test('waits for the options, and then tells of each token of its name', async () => {
    const { services } = startServices();
    const end = new AbortController();
    const told = begin(services, end);
    await until(() => told.length === 1);

    await services.of('acme').getToken(undefined, { replacing: await services.of('acme').getToken() });
    end.abort();

    expect(told).toEqual(['acme-1 ok', 'acme-2 ok']);
  });

  test('tells once that the options cannot be read, and tries again', async () => {
    const end = new AbortController();
    const fetch = tenantTokenEndpoint();
    let calls = 0;
    const services = createTokenServices((name) => {
      calls += 1;
      if (calls < 3) throw new Error('the database is down');
      return tenantOptions(name, { fetch });
    });
    const told = begin(services, end);
    await until(() => told.length === 2);
    end.abort();

    expect(told).toEqual(['undefined ERR_GRANT_UNAVAILABLE', 'acme-1 ok']);
    expect(calls).toBe(3);
  });

  test('tells of a request that the service refuses, and does not try again', async () => {
    const services = createTokenServices((name) => ({ ...tenantOptions(name), resource: 'https://api.example.com' }));
    const told: string[] = [];
    const tell = ({ error }: WatchedToken) => told.push(String(error?.message));
    services.of('acme').watch(tell, { request: { parameters: { resource: 'https://other.example.com' } } });
    await until(() => told.length === 1);

    expect(told[0]).toContain('resource');
  });

  test('ends with its signal, also while it waits for the options', async () => {
    const { opened, open } = gate();
    const end = new AbortController();
    const services = createTokenServices(async (name) => {
      await opened;
      return tenantOptions(name);
    });
    const told = begin(services, end);
    await setImmediate();
    end.abort();
    open();
    await until(() => services.stats().opening === 0);
    await setImmediate();

    expect(told).toEqual([]);
  });

  test('has its arguments checked at once', () => {
    const { services } = startServices();

    expect(() => services.of('acme').watch(undefined as never)).toThrow('"listener" of watch must be a function');
    expect(() => services.of('acme').watch(() => undefined, { request: { scope: '"' } })).toThrow('"scope" holds');
  });
});
