import { describe, expect, test } from '@jest/globals';
import type { Dispatcher } from 'undici';

import { bearerTokenInterceptor, type BearerTokenInterceptorOptions } from '../../../src/adapters/undici/index.js';
import { staticToken } from '../../../src/service/static-token.js';
import { settle } from '../../support/tokens.js';

/** The methods of a handler that are called, with their arguments. */
type Calls = readonly (readonly [method: string, ...args: unknown[]])[];

const history = { history: [new URL('https://api.example.com/')] };

const of8: Calls = [
  ['onRequestStart', 'controller', history],
  ['onRequestSent'],
  ['onBodySent', 'a part'],
  ['onResponseStarted'],
  ['onResponseStart', 'controller', 103, { link: 'a' }, 'Early Hints'],
  ['onResponseStart', 'controller', 200, { 'x-a': '1' }, 'OK'],
  ['onResponseData', 'controller', Buffer.from('data')],
  ['onResponseEnd', 'controller', { 'x-sum': '7' }],
];

const of7: Calls = [
  ['onConnect', () => undefined, history],
  ['onResponseStarted'],
  ['onHeaders', 103, [Buffer.from('Link'), Buffer.from('a')], () => undefined, 'Early Hints'],
  ['onHeaders', 200, [Buffer.from('X-A'), Buffer.from('1')], () => undefined, 'OK'],
  ['onData', Buffer.from('data')],
  ['onComplete', [Buffer.from('X-Sum'), Buffer.from('7')]],
];

type AnyHandler = Record<string, (...args: unknown[]) => unknown>;

/** A handler of undici that records its calls; each returns what `answer` returns. */
function recorder(methods: Calls, answer: (method: string) => unknown = () => undefined) {
  const calls: [string, ...unknown[]][] = [];
  const record =
    (method: string) =>
    (...args: unknown[]): unknown => {
      calls.push([method, ...args]);
      return answer(method);
    };
  const names = [...methods.map(([method]) => method), methods === of8 ? 'onResponseError' : 'onError'];
  return { calls, handler: Object.fromEntries(names.map((name) => [name, record(name)])) };
}

/** Dispatches a request to `handler` through the interceptor; below it, `respond` calls the handler of each dispatch. */
async function dispatch(
  handler: AnyHandler,
  respond: (below: AnyHandler, attempt: number) => void,
  options: Partial<BearerTokenInterceptorOptions> = {},
): Promise<number> {
  let attempts = 0;
  const inner: Dispatcher['dispatch'] = (_options, below) => {
    respond(below as unknown as AnyHandler, (attempts += 1));
    return true;
  };
  const ours = bearerTokenInterceptor(staticToken('key'), { origins: ['https://api.example.com'], ...options });
  ours(inner)({ origin: 'https://api.example.com', path: '/', method: 'GET' }, handler);
  await settle();
  return attempts;
}

describe.each([
  ['8', of8],
  ['7', of7],
])('a handler of undici %s', (_version, methods) => {
  test('gets each event of a response in order [E9]', async () => {
    const { calls, handler } = recorder(methods);

    await dispatch(handler, (below) => {
      for (const [method, ...args] of methods) below[method]?.(...args);
    });

    expect(calls.map(([method, ...args]) => [method, ...args.map(withoutFunctions)])).toEqual(
      methods.map(([method, ...args]) => [method, ...args.map(withoutFunctions)]),
    );
  });

  test('gets an error before a response, and a thrown error [E13]', async () => {
    const [told, thrown] = [recorder(methods), recorder(methods)];
    const error = new Error('reset');

    await dispatch(told.handler, (below) => {
      below[methods[0]?.[0] as string]?.(() => undefined, undefined);
      if (methods === of8) below['onResponseError']?.('controller', error);
      else below['onError']?.(error);
    });
    await dispatch(thrown.handler, () => {
      throw error;
    });

    expect(told.calls.at(-1)?.at(-1)).toBe(error);
    expect(thrown.calls).toHaveLength(1);
    expect(thrown.calls[0]?.at(-1)).toBe(error);
  });

  test('gets a long 401 completely, of which at most 64 KiB are held [E14]', async () => {
    const { calls, handler } = recorder(methods);
    const told: string[] = [];
    const controller = {
      abort: () => told.push('abort'),
      pause: () => told.push('pause'),
      resume: () => told.push('resume'),
    };

    await dispatch(handler, (below) => {
      if (methods === of8) {
        below['onRequestStart']?.(controller, undefined);
        below['onResponseStart']?.(controller, 401, {}, '');
        below['onResponseData']?.(controller, Buffer.alloc(65_536));
        told.push('64 KiB');
        below['onResponseData']?.(controller, Buffer.alloc(1));
      } else {
        below['onConnect']?.(controller.abort);
        below['onHeaders']?.(401, [], controller.resume, '');
        if (below['onData']?.(Buffer.alloc(65_536)) === false) controller.pause();
        told.push('64 KiB');
        if (below['onData']?.(Buffer.alloc(1)) === false) controller.pause();
      }
    });

    expect(told).toEqual(['64 KiB', 'pause', 'resume']);
    expect(calls.filter(([method]) => method.endsWith('Data'))).toHaveLength(2);
  });

  test('that aborts the request while a held 401 is delivered gets the error afterwards [E16]', async () => {
    let abort: () => void = () => undefined;
    const isHead = (method: string): boolean => method === 'onResponseStart' || method === 'onHeaders';
    const { calls, handler } = recorder(methods, (method) => (isHead(method) ? abort() : undefined));
    const gone = new Error('gone');

    await dispatch(handler, (below) => {
      if (methods === of8) {
        const controller = { resume: () => undefined };
        below['onRequestStart']?.(controller, undefined);
        below['onResponseStart']?.(controller, 401, {}, '');
        abort = () => void below['onResponseError']?.(controller, gone);
      } else {
        below['onConnect']?.(() => undefined);
        below['onHeaders']?.(401, [], () => undefined, '');
        abort = () => void below['onError']?.(gone);
      }
    });

    expect(calls.slice(-2).map(([method]) => isHead(method))).toEqual([true, false]);
    expect(calls.at(-1)?.at(-1)).toBe(gone);
  });
});

test('a handler of undici 7 that returns false pauses the response [E14]', async () => {
  const { handler } = recorder(of7, (method) => method !== 'onData');
  const wanted: unknown[] = [];

  await dispatch(handler, (below) => {
    below['onConnect']?.(() => undefined);
    wanted.push(below['onHeaders']?.(200, [], () => undefined, ''));
    setImmediate(() => wanted.push(below['onData']?.(Buffer.from('data'))));
  });
  await settle();

  expect(wanted).toEqual([true, false]);
});

test.each<[string, unknown, [string, unknown][]]>([
  ['nothing', undefined, []],
  ['null', null, []],
  ['an object', { a: '1', A: '2' }, Object.entries({ a: '1', A: '2' })],
  [
    'names of inherited members',
    ['constructor', '1', '__proto__', '2'],
    [
      ['constructor', '1'],
      ['__proto__', '2'],
    ],
  ],
])('an inner interceptor gets a new object of headers, made from %s [E9]', async (_what, headers, expected) => {
  const seen: unknown[] = [];
  const inner: Dispatcher['dispatch'] = (options) => {
    seen.push(options.headers);
    return true;
  };
  const ours = bearerTokenInterceptor(staticToken('key'), { origins: ['https://api.example.com'] });

  ours(inner)({ origin: 'https://api.example.com', path: '/', method: 'GET', headers: headers as null }, {});
  await settle();

  expect(Object.entries(seen[0] as object)).toEqual([...expected, ['authorization', 'Bearer key']]);
  expect(seen[0]).not.toBe(headers);
});

const withoutFunctions = (value: unknown): unknown => (typeof value === 'function' ? 'a function' : value);
