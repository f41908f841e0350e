import { describe, expect, test } from '@jest/globals';

import { ConfigurationError, GrantUnavailableError } from '../../src/core/errors.js';
import type { IdentityTokenSource } from '../../src/identity/index.js';
import { type FakeClock, fakeClock } from '../support/clock.js';
import { freePort } from '../support/free-port.js';
import { failureOf, linesThatShow } from '../support/grant-outcome.js';
import { type Answer, type Handler, type HttpServer, listen, startHttpServer } from '../support/http-server.js';
import { setVariables, unsignedJwt } from '../support/identity-tokens.js';
import { startProxy } from '../support/proxy.js';
import { until } from '../support/until.js';

/** A source of identity tokens that asks an endpoint. */
export interface IdentityEndpoint {
  /** Makes the source, which sends its requests to this origin. */
  readonly make: (origin: string, clock: FakeClock) => IdentityTokenSource;
  /** The success response with this token. */
  readonly issued: (token: unknown) => Answer;
  /** The path with the query, and the header fields that the vendor requires. */
  readonly request: { readonly path: string; readonly headers: Readonly<Record<string, string>> };
  /** The audience that the source checks; `undefined` if it checks none. */
  readonly audience: string | undefined;
  /** Error responses that the user must correct, as the vendor documents them, and the words of the advice. */
  readonly rejections: readonly (readonly [Answer, RegExp])[];
  /** Error responses that may become a success, in addition to those of every endpoint. */
  readonly transients: readonly Answer[];
  /** Texts that no error may show. */
  readonly secrets: readonly string[];
}

const hour = 3_600_000;

/** The contract of every source of identity tokens that asks an endpoint. */
export function identityEndpointContract(name: string, endpoint: IdentityEndpoint): void {
  const { make, issued, request, audience, rejections, transients, secrets } = endpoint;
  const isJson = typeof issued('').body === 'object';

  /** A source at an endpoint with these answers in turn; the last one repeats. */
  async function serve(...answers: readonly (Answer | Handler)[]) {
    const clock = fakeClock();
    const left = [...answers];
    const server = await startHttpServer((...call) => {
      const answer = left.length > 1 ? left.shift() : left[0];
      return typeof answer === 'function' ? answer(...call) : answer;
    });
    return { clock, server, source: make(server.origin, clock) };
  }

  /** A token that expires an hour after the beginning of the fake clock. */
  const tokenOf = (number: number, claims: object = {}): string =>
    unsignedJwt({ jti: `token-${number}`, aud: audience, exp: fakeClock().now() / 1_000 + hour / 1_000, ...claims });

  async function failure(...answers: readonly (Answer | Handler)[]): Promise<{ error: unknown; server: HttpServer }> {
    const { source, server } = await serve(...answers);
    const error = await failureOf(source());
    expect(secrets.flatMap((secret) => linesThatShow(secret, error))).toEqual([]);
    return { error, server };
  }

  describe(`${name} is a source of identity tokens that`, () => {
    test('sends the documented request', async () => {
      const { source, server } = await serve(issued(tokenOf(1)));

      expect(await source()).toBe(tokenOf(1));
      expect(server.requests).toMatchObject([{ method: 'GET', ...request }]);
    });

    test('asks once for concurrent calls, and again when a fifth of the lifetime, at most five minutes, is left', async () => {
      const { source, server, clock } = await serve(issued(tokenOf(1)), issued(tokenOf(2, { exp: 9e9 })));

      const first = await Promise.all([source(), source(), source()]);
      clock.advance(hour - 301_000);
      const before = await source();
      expect([...first, before]).toEqual(Array.from({ length: 4 }, () => tokenOf(1)));
      expect(server.requests).toHaveLength(1);

      clock.advance(2_000);
      expect(await source()).toBe(tokenOf(2, { exp: 9e9 }));
      expect(server.requests).toHaveLength(2);
    });

    test('asks again for a token that was rejected, once', async () => {
      const { source, server } = await serve(issued(tokenOf(1)), issued(tokenOf(2)));
      const first = await source();

      const replaced = await Promise.all([source({ replacing: first }), source({ replacing: first })]);
      const late = await source({ replacing: first });

      expect([...replaced, late]).toEqual([tokenOf(2), tokenOf(2), tokenOf(2)]);
      expect(server.requests).toHaveLength(2);
    });

    test('returns the cached token until it expires if the endpoint fails', async () => {
      const { source, server, clock } = await serve(issued(tokenOf(1)), { status: 503 });
      await source();

      clock.advance(hour - 60_000);
      expect(await source()).toBe(tokenOf(1));
      // The endpoint is left alone for five seconds.
      expect(await source()).toBe(tokenOf(1));
      expect(server.requests).toHaveLength(2);

      clock.advance(60_000);
      expect(await failureOf(source())).toBeInstanceOf(GrantUnavailableError);
      expect(server.requests).toHaveLength(3);
    });

    test('does not return a rejected token if the endpoint fails', async () => {
      const { source } = await serve(issued(tokenOf(1)), { status: 503 });
      const replacing = await source();

      expect(await failureOf(source({ replacing }))).toBeInstanceOf(GrantUnavailableError);
    });

    test('asks each time if the expiry is unknown', async () => {
      const { source, server } = await serve(issued('an-opaque-token'));

      expect([await source(), await source()]).toEqual(['an-opaque-token', 'an-opaque-token']);
      expect(server.requests).toHaveLength(2);
    });

    test('ends the wait of an aborted caller only', async () => {
      const { source } = await serve(issued(tokenOf(1)));
      const caller = new AbortController();

      const [aborted, other] = [source({ signal: caller.signal }), source()];
      caller.abort(new Error('the caller left'));

      expect(await failureOf(aborted)).toEqual(new Error('the caller left'));
      expect(await other).toBe(tokenOf(1));
    });

    test('fails within a second if the endpoint hangs, also in the middle of its response', async () => {
      const began = performance.now();
      const silent = await failure(() => undefined);
      const half = await failure((_request, response) => void response.writeHead(200).write('{"'));

      for (const { error } of [silent, half]) {
        expect(error).toBeInstanceOf(GrantUnavailableError);
        expect(error).toMatchObject({
          message: expect.stringContaining('did not respond within 1 s'),
          retryable: true,
        });
      }
      expect(performance.now() - began).toBeLessThan(10_000);
    });

    test('fails if nothing listens', async () => {
      const error = await failureOf(make(`http://127.0.0.1:${await freePort()}`, fakeClock())());

      expect(error).toBeInstanceOf(GrantUnavailableError);
      expect(error).toMatchObject({ message: expect.stringContaining('could not be reached (ECONNREFUSED)') });
    });

    test('follows no redirect', async () => {
      const elsewhere = await startHttpServer(() => issued(tokenOf(1)));
      const location = `${elsewhere.origin}/login?session=1`;
      const { error } = await failure({ status: 302, headers: { location } });

      expect(error).toBeInstanceOf(ConfigurationError);
      expect(String(error)).toContain(`redirected the request to ${elsewhere.origin}/login (HTTP 302)`);
      expect(elsewhere.requests).toEqual([]);
    });

    test.each<readonly [string, Answer, RegExp]>([
      ['HTML', { body: '<html><body>Sign in</body></html>', headers: { 'content-type': 'text/html' } }, /HTML|markup/],
      ['nothing', { body: '' }, /no JSON object|is empty/],
      ['an empty token', issued(''), /is empty|no string/],
      ['a token with a space', issued('a token'), /white space/],
      ...(isJson ? [['a token that is a number', issued(5), /is not a string|no string/] as const] : []),
      ['a token of 1 MiB', issued('a'.repeat(1024 * 1024)), /longer than/],
      ['a token of 100 KiB', issued('a'.repeat(100 * 1024)), /longer than 64 KiB/],
      ['an expired token', issued(tokenOf(1, { exp: fakeClock().now() / 1_000 - 30 })), /expired 30 s ago.*clock/],
    ])('rejects %s', async (_what, answer, message) => {
      const { error } = await failure(answer);

      expect(['ERR_GRANT_UNAVAILABLE', 'ERR_CONFIGURATION']).toContain((error as { code: string }).code);
      expect(String(error)).toMatch(message);
    });

    test.each(['https://other.example', ['https://other.example', 'b'], undefined])(
      'compares the audience %j with that of its options, if it has any',
      async (aud) => {
        const { source } = await serve(issued(tokenOf(1, { aud })));

        const outcome = await source().catch((error: unknown) => error);

        const message = expect.stringContaining(`not "${audience}"`);
        const refused = expect.objectContaining({ code: 'ERR_CONFIGURATION', message });
        expect(outcome).toEqual(audience === undefined ? tokenOf(1, { aud }) : refused);
      },
    );

    test('accepts a token for several audiences', async () => {
      const { source } = await serve(issued(tokenOf(1, { aud: ['a', audience] })));

      expect(await source()).toBe(tokenOf(1, { aud: ['a', audience] }));
    });

    test.each<[Answer, number | undefined]>([
      [{ status: 429, headers: { 'retry-after': '7' } }, 7_000],
      [{ status: 429 }, undefined],
      [{ status: 500, body: 'what?' }, undefined],
      [{ status: 503, headers: { 'retry-after': '2' } }, 2_000],
      [{ status: 408 }, undefined],
      ...transients.map((answer): [Answer, undefined] => [answer, undefined]),
    ])('can recover from %j', async (answer, retryAfterMs) => {
      const { source } = await serve(answer, issued(tokenOf(1)));

      const error = await failureOf(source());

      expect(error).toBeInstanceOf(GrantUnavailableError);
      expect(error).toMatchObject({ retryable: true, retryAfterMs });
      expect(String(error)).toContain(`HTTP ${answer.status}`);
      expect(await source()).toBe(tokenOf(1));
    });

    test.each(rejections)('says what to do after %j', async (answer, advice) => {
      const { error, server } = await failure(answer);

      expect(error).toBeInstanceOf(ConfigurationError);
      expect(String(error)).toMatch(advice);
      expect(String(error)).toContain(`HTTP ${answer.status}`);
      expect(server.requests).toHaveLength(1);
    });

    test('hides what looks like a JWT in the text of an error', async () => {
      const { error } = await failure({ status: 400, body: { message: `not ${tokenOf(1)}` } });

      expect(String(error)).toContain('"not [redacted]"');
    });

    test('uses no proxy and no global fetch', async () => {
      const proxy = await startProxy();
      const variables = ['HTTP_PROXY', 'http_proxy', 'ALL_PROXY', 'all_proxy'].map((key) => [key, proxy.url.href]);
      setVariables({ ...Object.fromEntries(variables), NODE_USE_ENV_PROXY: '1', NO_PROXY: undefined });
      const { fetch } = globalThis;
      const calls: unknown[] = [];
      globalThis.fetch = async (...call) => {
        calls.push(call);
        return fetch(...call);
      };
      try {
        const { source } = await serve(issued(tokenOf(1)));
        expect(await source()).toBe(tokenOf(1));
      } finally {
        globalThis.fetch = fetch;
      }
      expect([calls, proxy.read()]).toEqual([[], '']);
    });

    test('ends the connection to an endpoint that sends without end', async () => {
      let closed = 0;
      const origin = await listen((_incoming, response) => {
        response.on('close', () => (closed += 1));
        response.writeHead(200);
        const more = (): void => {
          while (!response.destroyed && response.write('a'.repeat(64 * 1024)));
        };
        response.on('drain', more);
        more();
      });

      const error = await failureOf(make(origin, fakeClock())());

      expect(error).toBeInstanceOf(GrantUnavailableError);
      expect(String(error)).toContain('longer than 128 KiB');
      await until(() => closed === 1);
    });
  });
}
