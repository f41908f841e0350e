import { describe, expect, test } from '@jest/globals';

import { ConfigurationError, isTokenError } from '../../src/core/errors.js';
import type { WatchedToken } from '../../src/layers/watch.js';
import type { TokenService } from '../../src/service/token-service.js';
import { failureOf } from '../support/grant-outcome.js';
import { settle } from '../support/tokens.js';
import { until } from '../support/until.js';

/** A token service, and the commands of the contract. Its tokens are `token-1`, `token-2` and so on, for an hour each. */
export interface TokenServiceSetup {
  readonly tokens: TokenService;
  /** The number of grants so far. */
  readonly grants: () => number;
  /** Lets all grants and revocations fail with 503 from now on. */
  readonly fail: () => void;
  /** Moves the clock of the service. */
  readonly advance: (ms: number) => void;
}

const hour = 3_600_000;

/** The contract of a token service, as the code that calls an API sees it. */
export function tokenServiceContract(name: string, start: () => Promise<TokenServiceSetup>): void {
  describe(`${name} is a token service that`, () => {
    test('returns one token to concurrent and later callers', async () => {
      const { tokens, grants } = await start();

      const all = await Promise.all(Array.from({ length: 10 }, () => tokens.getToken()));

      expect(new Set([...all, await tokens.getToken()])).toEqual(new Set([all[0]]));
      expect(all[0]).toMatchObject({ value: 'token-1', authorization: 'Bearer token-1' });
      expect(grants()).toBe(1);
    });

    test('has a token for each token request, whatever its order of scopes', async () => {
      const { tokens } = await start();

      const [one, other] = [await tokens.getToken({ scope: 'a b' }), await tokens.getToken({ scope: 'c' })];

      expect(await tokens.getToken({ scope: ['b', 'a'] })).toBe(one);
      expect(await tokens.getToken({ scope: 'c' })).toBe(other);
      expect(other.value).not.toBe(one.value);
    });

    test('replaces a token once for all callers that report it', async () => {
      const { tokens, grants } = await start();
      const replacing = await tokens.getToken();

      const all = await Promise.all(Array.from({ length: 10 }, () => tokens.getToken(undefined, { replacing })));

      expect(all.map(({ value }) => value)).toEqual(Array.from({ length: 10 }, () => 'token-2'));
      expect(grants()).toBe(2);
    });

    test('renews in the background before expiry, and at once after it', async () => {
      const { tokens, advance } = await start();
      const { expiresAt, issuedAt } = await tokens.getToken();
      expect(expiresAt - issuedAt).toBe(hour);

      advance(hour - 200_000);
      expect((await tokens.getToken()).value).toBe('token-1');
      await until(async () => (await tokens.getToken()).value === 'token-2');
      advance(hour);

      expect((await tokens.getToken()).value).toBe('token-3');
    });

    test('renews a watched token that nobody asks for, and tells the listener of failures', async () => {
      const { tokens, fail, advance } = await start();
      const [told, end]: [string[], AbortController] = [[], new AbortController()];
      const tell = ({ token, error }: WatchedToken) => told.push(`${token?.value} ${error?.code ?? 'ok'}`);
      tokens.watch(tell, { signal: end.signal });
      await until(() => told.length === 1);
      await settle();

      advance(hour - 200_000);
      await until(() => told.length === 2);
      await settle();
      fail();
      advance(hour - 200_000);
      await until(() => told.length === 3);
      end.abort();

      expect(told).toEqual(['token-1 ok', 'token-2 ok', 'token-2 ERR_GRANT_UNAVAILABLE']);
    });

    test('renews a token that is not valid long enough', async () => {
      const { tokens, advance } = await start();
      await tokens.getToken();
      advance(hour / 2);

      expect((await tokens.getToken(undefined, { minValidityMs: hour / 4 })).value).toBe('token-1');
      expect((await tokens.getToken(undefined, { minValidityMs: 0.75 * hour })).value).toBe('token-2');
    });

    test('ends only the wait of the caller that aborts', async () => {
      const { tokens } = await start();
      const leader = new AbortController();

      const givenUp = tokens.getToken(undefined, { signal: leader.signal });
      const other = tokens.getToken();
      leader.abort(new Error('gone'));
      const late = tokens.getToken({ scope: 'a' }, { signal: leader.signal });

      for (const each of [givenUp, late]) await expect(each).rejects.toThrow('gone');
      expect((await other).value).toBe('token-1');
    });

    test.each<[string, unknown, unknown]>([
      ['a malformed scope', { scope: 'a"b' }, undefined],
      ['a promise as token request', Promise.resolve({}), undefined],
      ['an unknown option', undefined, { replace: true }],
      ['no options', undefined, null],
      ['a token to replace that is none', undefined, { replacing: 'token-1' }],
    ])('rejects %s, and does not throw', async (_, request, options) => {
      const { tokens, grants } = await start();

      const answer = tokens.getToken(request as never, options as never);

      await expect(answer).rejects.toThrow(ConfigurationError);
      expect(grants()).toBe(0);
    });

    test('fails without a token, and returns the one that it has', async () => {
      const { tokens, fail } = await start();
      fail();
      const error = await failureOf(tokens.ready());
      expect(isTokenError(error)).toBe(true);
      expect(error).toMatchObject({ code: 'ERR_GRANT_UNAVAILABLE', status: 503, retryable: true });

      const second = await start();
      const cached = await second.tokens.getToken();
      second.fail();
      expect(await second.tokens.getToken()).toBe(cached);
      expect(await second.tokens.getToken(undefined, { replacing: cached })).toBe(cached);
      second.advance(hour);
      await expect(second.tokens.getToken()).rejects.toMatchObject({ code: 'ERR_GRANT_UNAVAILABLE' });
    });

    test('does not return a revoked token, also if it could not be revoked', async () => {
      const { tokens, fail } = await start();
      await tokens.ready();
      await expect(tokens.revoke()).resolves.toBe(true);
      expect((await tokens.getToken()).value).toBe('token-2');

      fail();
      await expect(tokens.revoke()).resolves.toBe(false);
      await expect(tokens.getToken()).rejects.toMatchObject({ code: 'ERR_GRANT_UNAVAILABLE' });
    });

    test('shows its tokens and its requests in a snapshot', async () => {
      const { tokens, fail } = await start();
      const { expiresAt } = await tokens.getToken({ scope: 'a' });
      await tokens.getToken({ scope: 'a' });
      fail();
      await failureOf(tokens.getToken({ scope: 'b' }));
      await tokens.flush();

      const { tokens: states, requests, cache } = tokens.stats();

      expect(states).toMatchObject([
        { requestedScope: 'a', expiresAt, failingSince: undefined },
        { requestedScope: 'b', expiresAt: undefined, lastErrorCode: 'ERR_GRANT_UNAVAILABLE' },
      ]);
      expect(requests).toEqual({ memory: 1, shared_store: 0, grant: 1, joined: 0, error: 1 });
      expect(cache.size).toBe(1);
    });

    test('names itself in the events of adapters', async () => {
      const { tokens } = await start();

      const event = tokens.report?.({ type: 'http.allowed', origins: [] });

      const { service, clientId, authorizationServer, grantType } = tokens.stats();
      expect(event).toEqual({ type: 'http.allowed', origins: [], service, clientId, authorizationServer, grantType });
    });
  });
}
