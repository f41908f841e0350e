import { AsyncLocalStorage } from 'node:async_hooks';

import { describe, expect, test } from '@jest/globals';

import type { WatchedToken } from '../../src/layers/watch.js';
import { memoryStore } from '../../src/stores/memory.js';
import { createTokenService, type TokenService } from '../../src/service/token-service.js';
import type { TokenServiceOptions } from '../../src/service/options.js';
import { granted, refused } from '../support/authorization-server.js';
import type { FakeClock } from '../support/clock.js';
import { cleanUp } from '../support/clean-up.js';
import { secret } from '../support/grant-outcome.js';
import { runProgram } from '../support/run-program.js';
import { type RunningTokenService, startTokenService } from '../support/token-service.js';
import { settle } from '../support/tokens.js';
import { until } from '../support/until.js';
import { warnings } from '../support/warnings.js';

const second = 1_000;
const hour = 3_600 * second;
/** With `random: () => 0`, a token of an hour is due for renewal five minutes before it expires. */
const dueAfterMs = hour - 300 * second;

interface Watching extends RunningTokenService {
  /** What the listener was told, as `token-1`, `token-1 ERR_…` or `none ERR_…`. */
  readonly told: readonly string[];
  readonly end: AbortController;
}

const textOf = ({ token, error }: WatchedToken): string =>
  [token?.value ?? 'none', ...(error ? [error.code] : [])].join(' ');

/** A token service without retries and with one listener. */
async function watching(options: Partial<TokenServiceOptions> = {}): Promise<Watching> {
  const running = await startTokenService({ retry: { retries: 0 }, ...options });
  const end = endAfterTest();
  const told: string[] = [];
  running.tokens.watch((watched) => told.push(textOf(watched)), { signal: end.signal });
  return { ...running, told, end };
}

function endAfterTest(): AbortController {
  const end = new AbortController();
  cleanUp(() => end.abort());
  return end;
}

/** Lets the time pass in steps of at most a minute, as the timers of a process do. */
async function pass(clock: FakeClock, ms: number): Promise<void> {
  for (let leftMs = ms; leftMs > 0; leftMs -= 60 * second) {
    await until(() => clock.asleep() > 0);
    clock.advance(Math.min(leftMs, 60 * second));
    await settle();
  }
}

describe('renewal without callers', () => {
  test('the listener gets the first token and each renewed one, when a caller would renew it', async () => {
    const { tokens, server, clock, told } = await watching();
    await until(() => told.length === 1);

    await pass(clock, dueAfterMs - 1);
    expect(server.grants).toHaveLength(1);
    await pass(clock, 1);
    await until(() => told.length === 2);
    await pass(clock, dueAfterMs);
    await until(() => told.length === 3);

    expect(told).toEqual(['token-1', 'token-2', 'token-3']);
    expect(server.grants).toHaveLength(3);
    // It asks only when the token is due, and waits for the renewal.
    expect(tokens.stats().requests).toMatchObject({ memory: 0, grant: 1 });
    expect(clock.sleeps).not.toContain(second);
  });

  test('the jitter of the renewal is that of the token', async () => {
    // With the largest jitter, the token of an hour is due ten minutes before it expires.
    const { clock, told } = await watching({ random: () => 0.999_999 });
    await until(() => told.length === 1);

    await pass(clock, hour - 600 * second - 1);
    expect(told).toEqual(['token-1']);
    await pass(clock, second);

    await until(() => told.length === 2);
  });

  test('its grants have the reason "watch"', async () => {
    const { events, clock, told } = await watching();
    await until(() => told.length === 1);
    await pass(clock, dueAfterMs);
    await until(() => told.length === 2);

    const reasons = events.flatMap((event) => (event.type === 'grant.succeeded' ? [event.reason] : []));
    expect(reasons).toEqual(['watch', 'watch']);
  });

  test('a token that callers renew is not renewed again', async () => {
    const { tokens, server, clock, told } = await watching();
    await until(() => told.length === 1);
    await pass(clock, dueAfterMs - second);
    const current = await tokens.getToken();

    await tokens.getToken(undefined, { replacing: current });
    await pass(clock, 2 * second);

    expect(told).toEqual(['token-1', 'token-2']);
    expect(server.grants).toHaveLength(2);
  });

  test('a token that is valid for months is renewed, and one that expires on arrival causes no storm', async () => {
    const { clock, server, told } = await watching();
    await until(() => told.length === 1);
    server.script(granted('long', { expires_in: 60 * 24 * 3_600 }), granted('expired', { expires_in: 0 }));
    await pass(clock, dueAfterMs);
    await until(() => told.length === 2);
    clock.advance(60 * 24 * hour - 300 * second);
    await until(() => server.grants.length === 3);

    await pass(clock, 10 * second);

    expect(told.slice(0, 2)).toEqual(['token-1', 'long']);
    expect(server.grants.length).toBeLessThanOrEqual(13);
  });

  test('the token of a shared store is used, and only one replica renews', async () => {
    const store = memoryStore();
    const first = await watching({ store });
    await until(() => first.told.length === 1);
    const { server, clock } = first;
    const other = createTokenService({
      tokenEndpoint: server.tokenEndpoint,
      clientId: 'orders',
      clientSecret: secret,
      store,
      clock,
      random: () => 0,
    });
    const told: string[] = [];
    await first.tokens.flush();
    other.watch((watched) => told.push(textOf(watched)), { signal: first.end.signal });
    await until(() => told.length === 1);

    await pass(clock, dueAfterMs);
    await until(() => {
      clock.advance(100);
      return told.length === 2 && first.told.length === 2;
    });

    expect(told).toEqual(['token-1', 'token-2']);
    expect(first.told).toEqual(told);
    expect(server.grants).toHaveLength(2);
  });
});

describe('failures', () => {
  test('the listener is told once that grants fail, when the token has expired, and of the next token', async () => {
    const { server, clock, told } = await watching();
    await until(() => told.length === 1);
    server.script({ status: 503 });

    await pass(clock, dueAfterMs);
    await until(() => told.length === 2);
    // After 1 s, 2 s, 4 s and so on, up to 9.5 s.
    for (let waitedS = 0; waitedS < 290; waitedS += 1) await pass(clock, second);
    const attempts = server.grants.length - 1;
    expect(attempts).toBeGreaterThan(20);
    expect(attempts).toBeLessThan(80);
    expect(told).toEqual(['token-1', 'token-1 ERR_GRANT_UNAVAILABLE']);

    const before = server.grants.length;
    await pass(clock, 10 * second);
    await until(() => told.length === 3);
    expect(server.grants.length).toBeGreaterThan(before);
    server.script(granted('after-the-outage'));
    await pass(clock, 10 * second);
    await until(() => told.length === 4);

    expect(told.slice(2)).toEqual(['none ERR_GRANT_UNAVAILABLE', 'after-the-outage']);
  });

  test('`Retry-After` delays the next grant', async () => {
    const { server, clock, told } = await watching();
    await until(() => told.length === 1);
    server.script({ status: 503, headers: { 'retry-after': '100' } });
    await pass(clock, dueAfterMs);
    await until(() => told.length === 2);

    await pass(clock, 99 * second);
    expect(server.grants).toHaveLength(2);
    server.script(granted('later'));
    await pass(clock, 2 * second);

    await until(() => told.length === 3);
    expect(told).toEqual(['token-1', 'token-1 ERR_GRANT_UNAVAILABLE', 'later']);
    expect(clock.sleeps).not.toContain(second);
  });

  test('a grant is tried when the token expires, as for a caller', async () => {
    const { server, clock, told } = await watching({ retry: { retries: 0, maxBackoffMs: 1_000_000 } });
    await until(() => told.length === 1);
    server.script({ status: 503 });
    await pass(clock, dueAfterMs);
    await until(() => told.length === 2);
    const attempts: number[] = [];
    for (let elapsedS = 0; elapsedS < 300; elapsedS += 1) {
      const before = server.grants.length;
      await pass(clock, second);
      if (server.grants.length > before) attempts.push(elapsedS + 1);
    }

    const [last = 0, atExpiry] = attempts.slice(-2);
    expect(atExpiry).toBe(300);
    expect(last).toBeLessThan(280);
    await until(() => told.length === 3);
    expect(told).toEqual(['token-1', 'token-1 ERR_GRANT_UNAVAILABLE', 'none ERR_GRANT_UNAVAILABLE']);
  });

  test('a client that is rejected from the start is told without a token, and then has one', async () => {
    const running = await startTokenService({ retry: { retries: 0 } });
    running.server.script(refused('invalid_client', { status: 401 }));
    const told: string[] = [];
    running.tokens.watch((watched) => told.push(textOf(watched)), { signal: endAfterTest().signal });
    await until(() => told.length === 1);
    running.server.script(granted('accepted'));

    await pass(running.clock, 3 * second);

    await until(() => told.length === 2);
    expect(told).toEqual(['none ERR_GRANT_REJECTED', 'accepted']);
  });

  test('a listener that throws or rejects is reported once, is called again, and disturbs no other', async () => {
    const messages = warnings();
    const { tokens, clock, told, end } = await watching();
    const calls = { throws: 0, rejects: 0 };
    const { signal } = end;
    tokens.watch(
      () => {
        calls.throws += 1;
        throw new Error('thrown by a listener');
      },
      { signal },
    );
    tokens.watch(
      () => {
        calls.rejects += 1;
        return Promise.reject(new Error('rejected by a listener'));
      },
      { signal },
    );
    await until(() => told.length === 1);
    await pass(clock, dueAfterMs);
    await until(() => told.length === 2);
    await settle();

    expect(calls).toEqual({ throws: 2, rejects: 2 });
    const end1 = 'its further failures are not reported: Error: ';
    expect([...messages].toSorted()).toEqual([
      `A listener of watch failed; ${end1}rejected by a listener`,
      `A listener of watch failed; ${end1}thrown by a listener`,
    ]);
  });
});

describe('listeners', () => {
  test('all listeners of a token request share one watch', async () => {
    const { tokens, server, clock, told, end } = await watching({ scope: 'b a' });
    const further: string[] = [];
    const { signal } = end;
    await until(() => told.length === 1);
    for (const request of [undefined, {}, { scope: ['a', 'b'] }]) {
      tokens.watch((watched) => further.push(textOf(watched)), { signal, request });
    }
    expect(further).toEqual([]);
    await until(() => further.length === 3);
    expect(clock.asleep()).toBe(1);

    await pass(clock, dueAfterMs);
    await until(() => further.length === 6);

    expect(further).toEqual([...Array<string>(3).fill('token-1'), ...Array<string>(3).fill('token-2')]);
    expect(server.grants).toHaveLength(2);
  });

  test('a request that empties a default member is watched without it', async () => {
    const { tokens, server, end } = await watching({ scope: 'a', audience: 'b' });
    const told: string[] = [];
    const request = { scope: '', audience: [] };
    tokens.watch((watched) => told.push(textOf(watched)), { signal: end.signal, request });

    await until(() => told.length === 1);

    expect(server.grants.map(({ body }) => new URLSearchParams(body).get('scope'))).toEqual(['a', null]);
  });

  test('a clock that fails ends the watch with a warning', async () => {
    const messages = warnings();
    const { clock } = await startTokenService();
    const sleep = () => Promise.reject(new Error('no timers here'));
    const { tokens, server } = await startTokenService({ clock: { ...clock, sleep } });
    tokens.watch(() => undefined, { signal: endAfterTest().signal });

    await until(() => messages.length === 1);

    expect(messages).toEqual(['A watch of m2m-tokens has ended, because its clock failed: Error: no timers here']);
    expect(server.grants.length).toBeLessThanOrEqual(1);
  });

  test('each token request has a watch of its own', async () => {
    const { tokens, server, end } = await watching();
    const told: string[] = [];
    tokens.watch((watched) => told.push(textOf(watched)), { signal: end.signal, request: { scope: 'other' } });

    await until(() => told.length === 1);

    expect(server.grants.map(({ body }) => new URLSearchParams(body).get('scope'))).toEqual([null, 'other']);
  });

  test('the signal ends the watch of its listener only; the last one ends the timer', async () => {
    const { tokens, server, clock, told, end } = await watching();
    const [other, further] = [endAfterTest(), [] as string[]];
    tokens.watch((watched) => further.push(textOf(watched)), { signal: other.signal });
    await until(() => further.length === 1);

    end.abort();
    await pass(clock, dueAfterMs);
    await until(() => further.length === 2);
    other.abort();

    expect(told).toEqual(['token-1']);
    expect(clock.asleep()).toBe(0);
    clock.advance(hour);
    await settle();
    expect(server.grants).toHaveLength(2);
    // A new watch begins anew.
    const again: string[] = [];
    tokens.watch((watched) => again.push(textOf(watched)), { signal: endAfterTest().signal });
    await until(() => again.length === 1);
    expect(again).toEqual(['token-3']);
  });

  test('a watch that ends during its first grant tells nothing, and one whose signal was aborted sends none', async () => {
    const { server, told, end, tokens } = await watching();
    end.abort();
    tokens.watch((watched) => void (told as string[]).push(textOf(watched)), { signal: AbortSignal.abort() });
    await settle();
    await until(async () => (await tokens.getToken()).value === 'token-1');

    expect(told).toEqual([]);
    expect(server.grants).toHaveLength(1);
  });

  test('a listener runs in the async context of its own call of `watch`', async () => {
    const storage = new AsyncLocalStorage<string>();
    const { tokens, clock, told, end } = await watching();
    const contexts: (string | undefined)[] = [];
    for (const name of ['one', 'two']) {
      storage.run(name, () => tokens.watch(() => contexts.push(storage.getStore()), { signal: end.signal }));
    }
    await until(() => told.length === 1);
    await pass(clock, dueAfterMs);
    await until(() => told.length === 2);

    expect(contexts).toEqual(['one', 'two', 'one', 'two']);
  });

  test('a token that an API rejects is replaced for the listener as well', async () => {
    const { tokens, told } = await watching();
    await until(() => told.length === 1);

    await tokens.getToken(undefined, { replacing: await tokens.getToken() });

    expect(told).toEqual(['token-1', 'token-2']);
  });

  test('`revoke` causes no grant by itself, so that a service that ends leaves no token behind', async () => {
    const { tokens, server, clock, told } = await watching({ revocationEndpoint: 'http://127.0.0.1:9/revoke' });
    await until(() => told.length === 1);
    await tokens.revoke();
    await pass(clock, 30 * second);

    expect(server.grants).toHaveLength(1);
  });
});

test('its timers do not keep a process alive', async () => {
  const { server } = await startTokenService();

  const { exitCode, stdout, stderr } = await runProgram('tests/service/watch-exit.ts', {
    argv: [server.tokenEndpoint],
  });

  expect({ exitCode, stdout, stderr }).toEqual({ exitCode: 0, stdout: 'token-1\n', stderr: '' });
});

describe('bad arguments', () => {
  const call = (tokens: TokenService, ...args: unknown[]) => (tokens.watch as (...all: unknown[]) => void)(...args);

  test.each<[string, unknown[], string]>([
    ['no listener', [], '"listener" of watch must be a function'],
    ['a signal that is none', [() => undefined, { signal: {} }], '"signal" of watch'],
    ['an unknown option', [() => undefined, { scope: 'a' }], 'watch has no option "scope"'],
    ['a malformed request', [() => undefined, { request: { scope: '"' } }], '"scope" holds'],
    ['null', [() => undefined, null], 'watch'],
  ])('%s', async (_name, args, message) => {
    const { tokens, server } = await startTokenService();

    expect(() => call(tokens, ...args)).toThrow(expect.objectContaining({ code: 'ERR_CONFIGURATION' }));
    expect(() => call(tokens, ...args)).toThrow(message);
    expect(server.grants).toEqual([]);
  });
});
