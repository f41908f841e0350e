import { describe, expect, test } from '@jest/globals';

import { ConfigurationError } from '../../src/core/errors.js';
import type { TokenSource } from '../../src/core/token-source.js';
import { fakeClock } from '../support/clock.js';
import { issue, manualSource, settle } from '../support/tokens.js';

/** The contract of each layer, and of each stack of layers. */
export function tokenSourceContract(name: string, wrap: (inner: TokenSource) => TokenSource): void {
  describe(`${name} is a token source that`, () => {
    test('returns the token of the source below', async () => {
      const source = manualSource();
      const token = issue('a', fakeClock());

      const answer = wrap(source).getToken();
      await settle();
      source.last().resolve(token);

      await expect(answer).resolves.toBe(token);
    });

    test('passes on the token request, and the token to replace', async () => {
      const source = manualSource();
      const old = issue('old', fakeClock());

      const answer = wrap(source).getToken({ scope: 'a b', audience: 'x' }, { replacing: old });
      await settle();

      expect(source.last().request).toMatchObject({ scope: 'a b' });
      expect(source.last().options?.replacing?.value).toBe('old');
      source.last().resolve(issue('new', fakeClock()));
      await answer;
    });

    test('passes on a failure as it is', async () => {
      const source = manualSource();
      const failure = new Error('away');

      const answer = wrap(source).getToken();
      await settle();
      source.last().reject(failure);

      await expect(answer).rejects.toBe(failure);
    });

    test('calls the source below again after a failure', async () => {
      const source = manualSource();
      const tokens = wrap(source);

      const first = tokens.getToken();
      await settle();
      source.last().reject(new Error('away'));
      await expect(first).rejects.toThrow('away');
      const second = tokens.getToken();
      await settle();

      expect(source.calls).toHaveLength(2);
      source.last().resolve(issue('a', fakeClock()));
      await second;
    });

    test('turns a source that throws into a rejection', async () => {
      const tokens = wrap({
        getToken() {
          throw new Error('synchronous');
        },
      });

      await expect(tokens.getToken()).rejects.toThrow('synchronous');
    });

    test('does not mix up different token requests [D1]', async () => {
      const source = manualSource();
      const tokens = wrap(source);
      const clock = fakeClock();

      const [a, b] = [tokens.getToken({ scope: 'a' }), tokens.getToken({ scope: 'b' })];
      await settle();
      source.calls.forEach((call) => call.resolve(issue(`for-${String(call.request?.scope)}`, clock)));

      expect((await a).value).toBe('for-a');
      expect((await b).value).toBe('for-b');
    });
  });
}

/** The further contract of a layer whose callers share a grant. */
export function sharingContract(name: string, wrap: (inner: TokenSource) => TokenSource): void {
  describe(`${name} lets callers wait together and`, () => {
    test('ends only the wait of the caller that aborts [B6]', async () => {
      const source = manualSource();
      const tokens = wrap(source);
      const token = issue('a', fakeClock());
      const leader = new AbortController();

      const givenUp = tokens.getToken(undefined, { signal: leader.signal });
      const others = Array.from({ length: 9 }, () => tokens.getToken());
      leader.abort(new Error('gone'));
      await expect(givenUp).rejects.toThrow('gone');
      source.calls.forEach((call) => call.resolve(token));

      expect(await Promise.all(others)).toEqual(Array.from({ length: 9 }, () => token));
    });

    test('rejects a call whose signal is already aborted', async () => {
      const tokens = wrap(manualSource());

      const answer = tokens.getToken(undefined, { signal: AbortSignal.abort(new Error('gone')) });

      await expect(answer).rejects.toThrow('gone');
    });

    test('rejects a malformed request, and does not throw [R-13]', async () => {
      const source = manualSource();

      const answer = wrap(source).getToken({ scope: 'a"b' });

      await expect(answer).rejects.toThrow(ConfigurationError);
      expect(source.calls).toHaveLength(0);
    });

    test('survives a failure after its only caller has aborted [D19 B6]', async () => {
      const source = manualSource();
      const tokens = wrap(source);
      const only = new AbortController();

      const answer = tokens.getToken(undefined, { signal: only.signal });
      await settle();
      only.abort(new Error('gone'));
      await expect(answer).rejects.toThrow('gone');
      source.last().reject(new Error('away'));
      await settle();

      // An unhandled rejection would end the process.
      const next = tokens.getToken();
      await settle();
      source.last().resolve(issue('b', fakeClock()));
      expect((await next).value).toBe('b');
    });
  });
}
