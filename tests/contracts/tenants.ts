import { setImmediate } from 'node:timers/promises';

import { describe, expect, test } from '@jest/globals';

import type { TokenEvent } from '../../src/core/events.js';
import { staticToken } from '../../src/service/static-token.js';
import { createTokenServices, type TokenServices } from '../../src/service/token-services.js';
import { gate } from '../support/adapter-service.js';
import { fc } from '../support/fc.js';
import { failureOf } from '../support/grant-outcome.js';
import { type RecordedRequest } from '../support/http-server.js';
import { rejected, type ScriptedResourceServer, startResourceServer } from '../support/resource-server.js';
import { tenantOptions, tenantTokenEndpoint } from '../support/token-services.js';
import type { ClientSetup, HttpClient } from './adapter.js';

type Options = Parameters<typeof createTokenServices>;

/** An API whose paths begin with a tenant, and the tokens that it got. */
interface Tenants extends HttpClient {
  readonly services: TokenServices;
  readonly api: ScriptedResourceServer;
  readonly events: readonly TokenEvent[];
  /** Path and token of each request so far. */
  readonly sent: () => string[];
}

/** The contract of the option `serviceOf` of all adapters. */
export function tenantContract(name: string, makeClient: (setup: ClientSetup) => HttpClient): void {
  async function start({
    max = 10,
    serviceOf = tenantOf,
    beforeOptions = async () => undefined,
  }: {
    max?: number;
    serviceOf?: (path: string) => string;
    beforeOptions?: (name: string) => Promise<unknown>;
  } = {}): Promise<Tenants> {
    const fetch = tenantTokenEndpoint();
    const optionsOf: Options[0] = async (tenant) => {
      await beforeOptions(tenant);
      return tenantOptions(tenant, { fetch });
    };
    const services = createTokenServices(optionsOf, { max });
    const api = await startResourceServer();
    const events: TokenEvent[] = [];
    const { send } = makeClient({
      tokens: staticToken('unused'),
      origin: api.origin,
      onEvent: (event) => void events.push(event),
      named: { services, serviceOf },
    });
    const sent = () => api.requests.map((request) => `${request.path} ${tokenOf(request)}`);
    return { services, api, events, send, sent };
  }

  describe(`${name} with several tenants`, () => {
    test('sends each request with the token of its tenant', async () => {
      const { send, sent } = await start();

      for (const url of ['/acme/a', '/globex/b', '/acme/c']) await send({ url });

      expect(sent()).toEqual(['/acme/a acme-1', '/globex/b globex-1', '/acme/c acme-1']);
    });

    test('resends a request with another token of the same tenant, and names it in the event', async () => {
      const { send, sent, api, events } = await start();
      await send({ url: '/globex/a' });
      api.revoke('acme-1');

      expect((await send({ method: 'POST', url: '/acme/a', body: 'text' })).status).toBe(200);

      expect(sent()).toEqual(['/globex/a globex-1', '/acme/a acme-1', '/acme/a acme-2']);
      expect(events).toMatchObject([{ type: 'request.resent', service: 'acme', clientId: 'client-of-acme' }]);
    });

    test('resends a request with a token of the same tenant if its service was closed in the meantime', async () => {
      const { send, sent, api, services } = await start({ max: 1 });
      api.answer(async (request) => {
        if (tokenOf(request) !== 'acme-1') return { body: {} };
        await services.of('globex').ready();
        return rejected();
      });

      expect((await send({ url: '/acme/a' })).status).toBe(200);

      expect(sent()).toEqual(['/acme/a acme-1', '/acme/a acme-2']);
      expect(services.stats().evictions).toBe(2);
    });

    test('keeps the tenant of a request in a redirect to a path of another tenant', async () => {
      const { send, sent, api } = await start();
      api.answer(({ path }) =>
        path === '/acme/a' ? { status: 307, headers: { location: '/globex/b' } } : { body: {} },
      );

      expect((await send({ url: '/acme/a' })).status).toBe(200);
      await send({ url: '/globex/b' });

      expect(sent()).toEqual(['/acme/a acme-1', '/globex/b acme-1', '/globex/b globex-1']);
    });

    test.each<[string, () => unknown, object]>([
      ['throws', () => fail(new Error('no tenant')), { message: 'no tenant' }],
      ['returns nothing', () => undefined, { code: 'ERR_CONFIGURATION' }],
      ['returns an empty name', () => '', { code: 'ERR_CONFIGURATION' }],
      ['returns a number', () => 5, { code: 'ERR_CONFIGURATION' }],
      ['is asynchronous', async () => 'acme', { message: expect.stringMatching(/serviceOf.*await the promise first/) }],
      ['rejects', async () => fail(new Error('no tenant')), { code: 'ERR_CONFIGURATION' }],
    ])('does not send a request if serviceOf %s', async (_name, serviceOf, error) => {
      const { send, sent } = await start({ serviceOf: serviceOf as () => string });

      expect(await failureOf(send({ url: '/acme/a' }))).toMatchObject(error);
      // An unhandled rejection would fail the test.
      await setImmediate();
      expect(sent()).toEqual([]);
    });

    test('does not send a request if the options of its tenant cannot be read', async () => {
      const { send, sent } = await start({ beforeOptions: () => fail(new Error('database is down')) });

      expect(await failureOf(send({ url: '/acme/a' }))).toMatchObject({ code: 'ERR_GRANT_UNAVAILABLE' });
      expect(sent()).toEqual([]);
    });

    test('ends the wait for the options of a tenant with the signal of the request', async () => {
      const { opened, open } = gate();
      const { send, sent } = await start({ beforeOptions: () => opened });
      const caller = new AbortController();
      const failure = failureOf(send({ url: '/acme/a', signal: caller.signal }));
      await setImmediate();
      caller.abort();

      expect(await failure).toMatchObject({ name: expect.stringMatching(/AbortError|CanceledError/) });
      open();
      await setImmediate();
      expect(sent()).toEqual([]);
    });

    test('sends no request of one tenant with the token of another one', async () => {
      const tenant = fc.constantFrom('acme', 'globex', 'initech', 'hooli');
      const step = fc.record({
        tenant,
        action: fc.constantFrom('call', 'call', 'call', 'revoke', 'close'),
        turns: fc.integer({ min: 0, max: 3 }),
      });
      const property = fc.asyncProperty(fc.array(step, { minLength: 5, maxLength: 25 }), async (steps) => {
        let slow = 0;
        const { send, sent, api, services } = await start({
          max: 2,
          async beforeOptions() {
            slow = (slow + 2) % 5;
            for (let turn = 0; turn < slow; turn += 1) await setImmediate();
          },
        });
        const valid = new Map<string, number>();
        api.answer((request) => {
          const [of, number] = tokenOf(request).split('-');
          return Number(number) > (valid.get(of ?? '') ?? 0) ? { body: {} } : rejected();
        });
        const calls: Promise<unknown>[] = [];
        for (const [index, each] of steps.entries()) {
          for (let turn = 0; turn < each.turns; turn += 1) await setImmediate();
          if (each.action === 'close') services.close(each.tenant);
          if (each.action === 'revoke') valid.set(each.tenant, (valid.get(each.tenant) ?? 0) + 1);
          if (each.action === 'call') calls.push(send({ url: `/${each.tenant}/${index}` }));
        }
        await Promise.all(calls);

        expect(sent().filter((line) => !/^\/(\w+)\/\d+ \1-\d+$/.test(line))).toEqual([]);
        expect(sent().length).toBeGreaterThanOrEqual(calls.length);
        expect(services.stats().opening).toBe(0);
      });
      await fc.assert(property, { numRuns: 12 });
    });
  });
}

const tenantOf = (path: string): string => /^\/(\w+)\//.exec(path)?.[1] ?? '';

const tokenOf = ({ headers }: RecordedRequest): string =>
  /^Bearer (.+)$/.exec(headers.authorization ?? '')?.[1] ?? 'no token';

function fail(error: Error): never {
  throw error;
}
