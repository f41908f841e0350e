import { expect, test } from '@jest/globals';
import axios, { AxiosError, type AxiosRequestConfig, type InternalAxiosRequestConfig } from 'axios';

import { bearerToken } from '../../../src/adapters/axios/index.js';
import { startAxios } from '../../support/adapter-axios.js';
import { gate } from '../../support/adapter-service.js';
import { granted } from '../../support/authorization-server.js';
import { fakeClock } from '../../support/clock.js';
import { failureOf } from '../../support/grant-outcome.js';
import type { Answer, Handler } from '../../support/http-server.js';
import { rejected } from '../../support/resource-server.js';
import { issue } from '../../support/tokens.js';
import { until } from '../../support/until.js';

/** An answer of the authorization server that comes when the test lets it. */
function held(answer: Answer): { script: Handler; asked: Promise<void>; answer: () => void } {
  const [asked, answered] = [gate(), gate()];
  const script = async (): Promise<Answer> => {
    asked.open();
    await answered.opened;
    return answer;
  };
  return { script, asked: asked.opened, answer: answered.open };
}

test.each<[string, string, AxiosRequestConfig]>([
  ['ECONNABORTED', 'timeout of 60ms exceeded', {}],
  ['ETIMEDOUT', 'timeout of 60ms exceeded', { transitional: { clarifyTimeoutError: true } }],
  ['ECONNABORTED', 'too slow', { timeoutErrorMessage: 'too slow' }],
])('the timeout of a request covers the wait for a token and ends in %s, "%s" [E19]', async (code, message, config) => {
  const { instance, api, authorizationServer } = await startAxios();
  const grant = held(granted('late'));
  authorizationServer.script(grant.script);

  const waiting = instance.get('/patient');
  const failure = await failureOf(instance.get('/hasty', { timeout: 60, ...config }));
  grant.answer();
  const { status } = await waiting;

  expect(failure).toBeInstanceOf(AxiosError);
  expect(failure).toMatchObject({ code, message, config: { url: '/hasty', timeout: 60 } });
  expect(status).toBe(200);
  expect(api.requests.map(({ path }) => path)).toEqual(['/patient']);
  expect(authorizationServer.grants).toHaveLength(1);
});

test('the timeout covers the wait for a renewal, which continues for the next request [E19]', async () => {
  const { instance, api, authorizationServer } = await startAxios();
  await instance.get('/first');
  api.revoke('token-1');
  const grant = held(granted('renewed'));
  authorizationServer.script(grant.script);

  const failure = await failureOf(instance.get('/hasty', { timeout: 60 }));
  const waiting = instance.get('/patient');
  grant.answer();
  const { status } = await waiting;

  expect(failure).toMatchObject({ code: 'ECONNABORTED', message: 'timeout of 60ms exceeded' });
  expect(status).toBe(200);
  expect(api.requests.at(-1)?.headers.authorization).toBe('Bearer renewed');
  expect(authorizationServer.grants).toHaveLength(2);
});

test.each([['http'], ['fetch']])(
  'one timeout covers the wait for a token, the request and the resend on %s [E29]',
  async (adapter) => {
    const { instance, api, authorizationServer } = await startAxios({}, { adapter });
    authorizationServer.script(async () => {
      await passing(200);
      return granted('token-1');
    }, granted('token-2'));
    let resentAt = Infinity;
    api.answer(async ({ headers }) => {
      if (headers.authorization !== 'Bearer token-1') {
        resentAt = performance.now();
        // The resent request has no answer.
        await new Promise(() => {});
      }
      await passing(200);
      return rejected();
    });
    const startedAt = performance.now();

    const failure = await failureOf(instance.get('/orders', { timeout: 1_000 }));
    const endedAt = performance.now();

    expect(failure).toMatchObject({
      code: expect.stringMatching(/^(ECONNABORTED|ETIMEDOUT)$/),
      config: { timeout: 1_000 },
    });
    expect(api.requests).toHaveLength(2);
    expect(endedAt - startedAt).toBeGreaterThanOrEqual(990);
    // What was left of the timeout, at most 600 ms; a timeout of its own for the resend would be 1,000 ms.
    expect(endedAt - resentAt).toBeLessThan(900);
  },
);

/** An instance whose tokens take `waitMs`, and the timeouts that its adapter was given. */
function timed(waitMs: number, statuses: readonly number[] = [200]) {
  const clock = fakeClock();
  let grants = 0;
  const tokens = {
    async getToken() {
      await passing(waitMs);
      return issue(`token-${(grants += 1)}`, clock);
    },
  };
  const timeouts: unknown[] = [];
  const left = [...statuses];
  const adapter = (config: InternalAxiosRequestConfig) => {
    timeouts.push(config.timeout);
    return Promise.resolve({ data: '', status: left.shift() ?? 200, statusText: '', headers: {}, config });
  };
  const instance = axios.create({ baseURL: 'https://api.example.com', adapter });
  instance.interceptors.request.use(bearerToken(tokens));
  return { instance, timeouts };
}

const timers = (): number => process.getActiveResourcesInfo().filter((kind) => kind === 'Timeout').length;

/** Lets at least this much real time pass. */
async function passing(ms: number): Promise<void> {
  const end = performance.now() + ms;
  while (performance.now() < end) await new Promise(setImmediate);
}

test('the request is sent with the remaining time, and its config keeps the timeout [E19]', async () => {
  const { instance, timeouts } = timed(40);

  const { config } = await instance.get('/orders', { timeout: 60_000 });

  expect(timeouts).toHaveLength(1);
  expect(timeouts[0]).toBeLessThanOrEqual(59_960);
  expect(timeouts[0]).toBeGreaterThan(50_000);
  expect(config.timeout).toBe(60_000);
});

test('a timeout that is a text, from an environment variable, is read as axios reads it [E19]', async () => {
  const { instance, timeouts } = timed(40);

  const { config } = await instance.get('/orders', { timeout: '60000' as unknown as number });

  expect(timeouts[0]).toBeLessThanOrEqual(59_960);
  expect(timeouts[0]).toBeGreaterThan(50_000);
  expect(config.timeout).toBe('60000');
});

test('a resend is sent with the remaining time, too [E19]', async () => {
  const { instance, timeouts } = timed(40, [401, 200]);

  const { config } = await instance.get('/orders', { timeout: 60_000 });

  expect(timeouts).toHaveLength(2);
  expect(timeouts[1]).toBeLessThanOrEqual(59_920);
  expect(config.timeout).toBe(60_000);
});

test('a cached token takes no time from the timeout, and a request has at most one timer [E19]', async () => {
  const { instance, authorizationServer } = await startAxios();
  await instance.get('/orders');
  const seen: number[] = [];
  const before = timers();

  const { config } = await instance.get('/orders', {
    timeout: 60_000,
    adapter(final) {
      seen.push(timers() - before, final.timeout ?? 0);
      return Promise.resolve({ data: '', status: 200, statusText: '', headers: {}, config: final });
    },
  });

  expect(seen[0]).toBeLessThanOrEqual(1);
  expect(seen[1]).toBeGreaterThan(59_000);
  expect(config.timeout).toBe(60_000);
  expect(authorizationServer.grants).toHaveLength(1);
});

test.each<[string, (abort: AbortSignal) => AxiosRequestConfig]>([
  ['signal', (signal) => ({ signal })],
  [
    'CancelToken',
    (signal) => ({
      cancelToken: new axios.CancelToken((cancel) => signal.addEventListener('abort', () => cancel('gone'))),
    }),
  ],
])('a %s ends the wait of a request with a timeout, too, and clears its timer [E19 D16]', async (_what, give) => {
  const [asked, before] = [gate(), timers()];
  const instance = axios.create({ baseURL: 'https://api.example.com' });
  instance.interceptors.request.use(
    bearerToken({
      getToken: (_request, { signal } = {}) =>
        new Promise((_resolve, reject) => {
          signal?.addEventListener('abort', () => reject(signal.reason as Error));
          asked.open();
        }),
    }),
  );
  const caller = new AbortController();

  const failure = failureOf(instance.get('/orders', { timeout: 60_000, ...give(caller.signal) }));
  await asked.opened;
  caller.abort();

  expect(axios.isCancel(await failure)).toBe(true);
  // The timers are those of the process: others may begin meanwhile, but end soon.
  await expect(until(() => timers() <= before)).resolves.toBeUndefined();
});

test('leaves no timer behind [E19]', async () => {
  const { instance } = timed(5, [401, 200]);
  const before = timers();

  await instance.get('/orders', { timeout: 60_000 });

  // The timers are those of the process: others may begin meanwhile, but end soon.
  await expect(until(() => timers() <= before)).resolves.toBeUndefined();
});

test('a timeout that is too long for a timer counts as none [E19 C7]', async () => {
  const { instance, timeouts } = timed(5);

  const { status } = await instance.get('/orders', { timeout: 2 ** 40 });

  expect(status).toBe(200);
  expect(timeouts).toHaveLength(1);
});
