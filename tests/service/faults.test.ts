import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';

import { describe, expect, test } from '@jest/globals';

import { fromFile } from '../../src/authentication/secret.js';
import { GrantRejectedError, GrantUnavailableError } from '../../src/core/errors.js';
import { granted, refused } from '../support/authorization-server.js';
import { failureOf } from '../support/grant-outcome.js';
import type { Handler } from '../support/http-server.js';
import { temporaryFolder } from '../support/temporary-folder.js';
import { startTokenService, valueOf } from '../support/token-service.js';

const second = 1_000;
const hour = 3_600 * second;

const breakOff: Handler = (_request, response) => void response.destroy();

/** A JWT that says when it expires. */
function jwt(exp: number): string {
  const part = (content: object): string => Buffer.from(JSON.stringify(content)).toString('base64url');
  return [part({ alg: 'RS256' }), part({ exp, iat: exp - 60, nbf: exp - 60 }), 'c2ln'].join('.');
}

describe('a token that has expired on arrival [A15]', () => {
  test.each([
    ['because its lifetime is 0', 0, 0],
    ['because it took longer than it lives', 2, 4 * second],
  ])('is handed out once, %s, and reported by an event', async (_why, lifetime, tookMs) => {
    const { server, tokens, clock, events } = await startTokenService();
    server.script(() => {
      clock.advance(tookMs);
      return granted(`short-${server.grants.length}`, { expires_in: lifetime });
    });

    const values = [await valueOf(tokens), await valueOf(tokens)];

    expect(values).toEqual(['short-1', 'short-2']);
    expect(server.grants).toHaveLength(2);
    expect(events.map(({ type }) => type)).toEqual([
      'grant.succeeded',
      'token.expired_on_arrival',
      'grant.succeeded',
      'token.expired_on_arrival',
    ]);
  });

  test('causes no loop of grants: all who wait take it', async () => {
    const { server, tokens } = await startTokenService();
    server.script(granted('short', { expires_in: 0 }));

    const values = await Promise.all(Array.from({ length: 100 }, () => valueOf(tokens)));

    expect(new Set(values)).toEqual(new Set(['short']));
    expect(server.grants).toHaveLength(1);
  });
});

describe('the times inside a token decide nothing [C3]', () => {
  test('one that says it has expired is kept for as long as the response says', async () => {
    const { server, tokens, clock, events } = await startTokenService();
    const past = jwt(clock.now() / second - 3_600);
    server.script(granted(past), granted('next'));

    await tokens.getToken();
    clock.advance(hour / 2);

    expect(await valueOf(tokens)).toBe(past);
    expect(events.map(({ type }) => type)).toEqual(['grant.succeeded']);
  });

  test('one that says it lives for years is replaced when the response says', async () => {
    const { server, tokens, clock } = await startTokenService();
    server.script(granted(jwt(clock.now() / second + 10 ** 8), { expires_in: 60 }), granted('next'));

    await tokens.getToken();
    clock.advance(60 * second);

    expect(await valueOf(tokens)).toBe('next');
  });
});

describe('a connection that breaks [B2]', () => {
  test('after the request was sent costs one more grant', async () => {
    const { server, tokens } = await startTokenService({ clock: undefined });
    server.script(breakOff, granted('second'));

    const value = await valueOf(tokens);

    expect(value).toBe('second');
    expect(server.grants).toHaveLength(2);
  });

  test('in the middle of the answer does so, too', async () => {
    const { server, tokens } = await startTokenService({ clock: undefined });
    server.script((_request, response) => {
      response.writeHead(200, { 'content-type': 'application/json', 'content-length': 1_000 });
      response.write('{"access_token":"half', () => setImmediate(() => response.destroy()));
      return undefined;
    }, granted('whole'));

    expect(await valueOf(tokens)).toBe('whole');
    expect(server.grants).toHaveLength(2);
  });
});

test('a route that leads nowhere costs no more than the deadline [B8]', async () => {
  // What connects to nowhere and is deaf to its signal is as bad as it gets.
  const { tokens } = await startTokenService({
    fetch: () => new Promise(() => {}),
    timeoutMs: 60,
    retry: { deadlineMs: 100 },
    clock: undefined,
  });
  const began = performance.now();

  const failure = await failureOf(tokens.getToken());

  expect(failure).toBeInstanceOf(GrantUnavailableError);
  expect(failure).toMatchObject({ retryable: true, message: expect.stringContaining('did not respond in time') });
  expect(performance.now() - began).toBeLessThan(5 * second);
});

describe('when the event loop was stalled [B9]', () => {
  test('no expired token is handed out: its expiry is checked at each use', async () => {
    const { server, tokens, clock } = await startTokenService();
    await tokens.getToken();
    await tokens.getToken();

    // Nothing else runs between these two lines.
    clock.advance(hour);
    const value = await valueOf(tokens);

    expect(value).toBe('token-2');
    expect(server.grants).toHaveLength(2);
  });

  test('while a due token was renewed in the background, callers wait for that renewal', async () => {
    const { server, tokens, clock } = await startTokenService();
    await tokens.getToken();
    clock.advance(hour - 60 * second);
    await tokens.getToken();

    clock.advance(60 * second);
    const values = await Promise.all([valueOf(tokens), valueOf(tokens)]);

    expect(values).toEqual(['token-2', 'token-2']);
    expect(server.grants).toHaveLength(2);
  });
});

test('whoever has waited for a renewal takes what it brought: a hundred rejections cost one grant [D4]', async () => {
  const { server, tokens } = await startTokenService();
  const rejected = await tokens.getToken();

  const early = Array.from({ length: 50 }, () => tokens.getToken(undefined, { replacing: rejected }));
  const first = await early[0];
  const late = Array.from({ length: 50 }, () => tokens.getToken(undefined, { replacing: rejected }));
  const answers = await Promise.all([...early, ...late]);

  expect(first?.value).toBe('token-2');
  expect(new Set(answers.map(({ value }) => value))).toEqual(new Set(['token-2']));
  expect(server.grants).toHaveLength(2);
});

test('a secret file loses one newline at its end; other white space is sent, and a refusal warns of it [F2]', async () => {
  const folder = await temporaryFolder();
  const path = join(folder, 'secret');
  await writeFile(path, 'with spaces \n\n');
  const { server, tokens } = await startTokenService({ clientSecret: fromFile(path) });
  server.script(refused('invalid_client', { status: 401 }));

  const failure = await failureOf(tokens.getToken());

  const [, credentials = ''] = server.grants[0]?.headers.authorization?.split(' ') ?? [];
  const [, sent = ''] = Buffer.from(credentials, 'base64').toString().split(':');
  expect(decodeURIComponent(sent)).toBe('with spaces \n');
  expect(failure).toBeInstanceOf(GrantRejectedError);
  expect((failure as Error).message).toMatch(/the secret holds a character .*space/);
});
