import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';

import { describe, expect, test } from '@jest/globals';

import { ConfigurationError, GrantUnavailableError } from '../../src/core/errors.js';
import type { IdentitySourceOptions, IdentityTokenSource } from '../../src/identity/index.js';
import { fakeClock } from '../support/clock.js';
import { failureOf, linesThatShow } from '../support/grant-outcome.js';
import { unsignedJwt } from '../support/identity-tokens.js';
import { posixTest } from '../support/posix-test.js';
import { temporaryFolder } from '../support/temporary-folder.js';

const audience = 'https://auth.example.com';
const hour = 3_600_000;

/** A source of identity tokens that reads a file. */
export interface IdentityFile {
  readonly make: (path: string, options: IdentitySourceOptions & { readonly audience: string }) => IdentityTokenSource;
  /** The words of the advice if there is no file. */
  readonly advice: RegExp;
}

/** The contract of every source of identity tokens that reads a file. */
export function identityFileContract(name: string, { make, advice }: IdentityFile): void {
  describe(`${name} is a source of identity tokens that`, () => {
    const clock = fakeClock();
    const tokenOf = (jti: string, claims: object = {}): string =>
      unsignedJwt({ jti, sub: 'spiffe://shop/orders', aud: [audience], exp: (clock.now() + hour) / 1_000, ...claims });

    async function file(content: string) {
      const path = join(await temporaryFolder(), 'token');
      await writeFile(path, content);
      return { path, source: make(path, { audience, clock }) };
    }

    test('reads the file on each call, without the line break at its end', async () => {
      const { path, source } = await file(`${tokenOf('one')}\n`);
      const first = await source();
      await writeFile(path, tokenOf('two'));

      expect([first, await source()]).toEqual([tokenOf('one'), tokenOf('two')]);
    });

    test('returns the last token until it expires if the file becomes unreadable', async () => {
      const own = fakeClock();
      const path = join(await temporaryFolder(), 'token');
      await writeFile(path, tokenOf('one'));
      const source = make(path, { audience, clock: own });
      await source();
      await writeFile(path, '');

      own.advance(hour - 1_000);
      expect(await source()).toBe(tokenOf('one'));
      own.advance(1_000);
      expect(String(await failureOf(source()))).toContain('is empty');
    });

    test('says what to do if there is no file', async () => {
      const path = join(await temporaryFolder(), 'no-token');

      const error = await failureOf(make(path, { audience, clock })());

      expect(error).toBeInstanceOf(ConfigurationError);
      expect(error).toMatchObject({ cause: { code: 'ENOENT' }, message: expect.stringContaining(path) });
      expect(String(error)).toMatch(advice);
    });

    posixTest('says that a folder is not a file', async () => {
      const error = await failureOf(make(await temporaryFolder(), { audience, clock })());

      expect(error).toBeInstanceOf(ConfigurationError);
      expect(String(error)).toContain('is a folder (EISDIR)');
    });

    test.each<[string, string, typeof ConfigurationError | typeof GrantUnavailableError, RegExp]>([
      ['an expired token', tokenOf('a', { exp: clock.now() / 1_000 - 5 }), GrantUnavailableError, /expired 5 s ago/],
      [
        'a token for another audience',
        tokenOf('a', { aud: 'b' }),
        ConfigurationError,
        /audience "b", not "https:\/\/auth/,
      ],
      ['a token without an audience', tokenOf('a', { aud: undefined }), ConfigurationError, /no audience, not/],
      ['markup', '<html>', GrantUnavailableError, /no token/],
      ['two lines', 'a\nb', GrantUnavailableError, /white space/],
      ['1 MiB', 'a'.repeat(1024 * 1024), GrantUnavailableError, /longer than 64 KiB/],
    ])('rejects a file with %s', async (_what, content, ErrorClass, message) => {
      const { source } = await file(content);

      const error = await failureOf(source());

      expect(error).toBeInstanceOf(ErrorClass);
      expect(String(error)).toMatch(message);
      expect(linesThatShow(content.slice(-60), error)).toEqual([]);
    });
  });
}
