import { expect, test } from '@jest/globals';

import type { AttemptListener } from '../../../src/adapters/undici/response.js';
import {
  attemptOf,
  type Controller,
  fail,
  type Handler,
  type LegacyHandler,
} from '../../../src/adapters/undici/undici-handler.js';

const modern = [
  ['onRequestStart', ['controller', { history: [new URL('https://a.example/')] }]],
  ['onRequestSent', []],
  ['onBodySent', ['a part']],
  ['onResponseStarted', []],
  ['onResponseStart', ['controller', 103, { link: 'a' }, 'Early Hints']],
  ['onResponseStart', ['controller', 200, { 'x-a': '1' }, 'OK']],
  ['onResponseData', ['controller', Buffer.from('data')]],
  ['onResponseEnd', ['controller', { 'x-sum': '7' }]],
] as const;

const legacy = [
  ['onConnect', ['abort', { history: [new URL('https://a.example/')] }]],
  ['onResponseStarted', []],
  ['onHeaders', [103, [Buffer.from('Link'), Buffer.from('a')], 'resume', 'Early Hints']],
  ['onHeaders', [200, [Buffer.from('X-A'), Buffer.from('1')], 'resume', 'OK']],
  ['onData', [Buffer.from('data')]],
  ['onComplete', [[Buffer.from('X-Sum'), Buffer.from('7')]]],
] as const;

type Calls = readonly (readonly [string, readonly unknown[]])[];

/** A handler that remembers its calls; each returns false. */
function remembering(methods: Calls) {
  const calls: [string, unknown[]][] = [];
  const handler = Object.fromEntries(
    methods.map(([name]) => [
      name,
      (...args: unknown[]) => {
        calls.push([name, args]);
        return false;
      },
    ]),
  );
  return { calls, handler: handler as unknown as Handler | LegacyHandler };
}

/** Who holds all replies, or none. */
const listener = (holdsAll: boolean): AttemptListener => ({
  holds: () => holdsAll,
  answered: () => undefined,
  failed: () => undefined,
});

test.each<[string, Calls]>([
  ['of today', modern],
  ['of undici 6', legacy],
])('hands all on to a handler %s, as it comes [E9]', (_what, methods) => {
  const { calls, handler } = remembering(methods);
  const attempt = attemptOf(handler, listener(false));
  const tested = attempt as unknown as Record<string, (...args: unknown[]) => unknown>;

  const returned = methods.map(([name, args]) => tested[name]?.(...args));

  expect(calls).toEqual(methods);
  expect(attempt).toMatchObject({ statusCode: 200, headers: { 'x-a': '1' } });
  expect(attempt.history?.at(-1)?.href).toBe('https://a.example/');
  // In the one manner it is a controller that pauses, in the other the value that is returned.
  expect(returned.includes(false)).toBe(methods === legacy);
});

test('pauses by the controller when a reply that is held back is long [E14]', () => {
  let pauses = 0;
  const controller = { pause: () => (pauses += 1) } as unknown as Controller;
  const tested: Handler = attemptOf({}, listener(true));

  tested.onResponseStart?.(controller, 401, {});
  tested.onResponseData?.(controller, Buffer.alloc(65_536));
  const before = pauses;
  tested.onResponseData?.(controller, Buffer.alloc(1));

  expect([before, pauses]).toEqual([0, 1]);
});

test('tells handlers of either kind of a failure [E13]', () => {
  const controller = {} as Controller;
  const told: unknown[][] = [];
  const onError = (...args: unknown[]): void => void told.push(['onError', ...args]);
  const onResponseError = (...args: unknown[]): void => void told.push(['onResponseError', ...args]);
  const error = new Error('no token');

  fail({ onResponseError }, controller, error);
  fail({ onError } as unknown as LegacyHandler, controller, error);
  fail({ onError, onResponseError }, controller, error);
  fail({}, controller, error);

  expect(told).toEqual([
    ['onResponseError', controller, error],
    ['onError', error],
    ['onResponseError', controller, error],
  ]);
});
