import { describe, expect, test } from '@jest/globals';
import type { Dispatcher } from 'undici';

import { dpopProofs } from '../../../src/adapters/dpop-proof.js';
import { LatestAnswer } from '../../../src/adapters/latest-answer.js';
import { UndiciExchange } from '../../../src/adapters/undici/request.js';
import { UndiciCall } from '../../../src/adapters/undici/undici-call.js';
import type { Controller, Handler } from '../../../src/adapters/undici/undici-handler.js';
import type { TokenSource } from '../../../src/core/token-source.js';
import { fakeClock } from '../../support/clock.js';
import { issue, settle, sourceThatKeeps } from '../../support/tokens.js';

const clock = fakeClock();
const [one, two] = [issue('one', clock), issue('two', clock)];
const controller = { abort: () => undefined } as unknown as Controller;

/** How a dispatch goes: a status, an error that the handler is told of, or one that is thrown. */
type Dispatched = number | { readonly told: Error } | { readonly thrown: Error };

/** A call whose token is at hand, what was sent of it, and what its handler was told. */
async function callAtHand(
  { tokens = source(), signal }: { tokens?: TokenSource; signal?: AbortSignal },
  ...dispatches: Dispatched[]
) {
  const sent: unknown[] = [];
  const told: unknown[] = [];
  const latest = new LatestAnswer();
  await latest.wait(atHand);
  const exchange = new UndiciExchange({
    dispatch({ headers }, handler) {
      sent.push((headers as Record<string, string>)['authorization']);
      answer(handler, dispatches[sent.length - 1] ?? 200);
      return false;
    },
    outgoing: { method: 'GET', path: '/orders', headers: {} },
    handler: {
      onResponseStart: (_controller, statusCode) => void told.push(statusCode),
      onResponseError: (_controller, error) => void told.push(error),
    },
    origin: 'https://api.example.com',
    isRejected: undefined,
    tokenRequest: undefined,
    signal,
  } satisfies ConstructorParameters<typeof UndiciExchange>[0]);
  const sendOptions = { replay: 'all', emit: () => undefined, proofs: dpopProofs(), latest } as const;
  const tested = new UndiciCall(tokens, exchange, sendOptions, () => void told.push('released'));
  return { tested, sent, told };
}

const atHand = Promise.resolve(one);
const source = (other = () => Promise.resolve(two)): TokenSource => sourceThatKeeps(atHand, other);

function answer(handler: Dispatcher.DispatchHandler & Handler, dispatched: Dispatched): void {
  if (typeof dispatched === 'object' && 'thrown' in dispatched) throw dispatched.thrown;
  handler.onRequestStart?.(controller, undefined);
  if (typeof dispatched === 'number') handler.onResponseStart?.(controller, dispatched, {});
  else handler.onResponseError?.(controller, dispatched.told);
}

describe('with a token at hand', () => {
  test('the request is sent and answered at once, and undici’s word on its queue is passed on [C3]', async () => {
    const { tested, sent, told } = await callAtHand({});

    const returned = tested.begin();

    expect(returned).toBe(false);
    expect(sent).toEqual(['Bearer one']);
    expect(told).toEqual(['released', 200]);
  });

  test('a 401 is followed by another send, and its caller lets go once [E1]', async () => {
    const { tested, sent, told } = await callAtHand({}, 401, 200);

    tested.begin();
    const before = [...told];
    await settle();

    expect(before).toEqual([]);
    expect(sent).toEqual(['Bearer one', 'Bearer two']);
    expect(told).toEqual([200, 'released']);
  });

  test('a 401 without another token is the error of the source [E1 E13]', async () => {
    const { tested, sent, told } = await callAtHand(
      { tokens: source(() => Promise.reject(new Error('no other token'))) },
      401,
    );

    tested.begin();
    await settle();

    expect(sent).toEqual(['Bearer one']);
    expect(told).toEqual(['released', new Error('no other token')]);
  });

  test.each<[string, Dispatched]>([
    ['told', { told: new Error('reset') }],
    ['thrown', { thrown: new Error('reset') }],
  ])('an error that is %s reaches the handler, once', async (_what, dispatched) => {
    const { tested, told } = await callAtHand({}, dispatched);

    tested.begin();
    tested.failed(new Error('another one'));

    expect(told).toEqual(['released', new Error('reset')]);
  });

  test('nothing is sent for who has given up, or when the source throws [E13 E19]', async () => {
    const gone = await callAtHand({ signal: AbortSignal.abort(new Error('gone')) });
    const failing = await callAtHand({
      tokens: {
        getToken() {
          throw new Error('a fault of the source');
        },
      },
    });

    const returned = [gone.tested.begin(), failing.tested.begin()];

    expect(returned).toEqual([true, true]);
    expect([gone.sent, failing.sent]).toEqual([[], []]);
    expect(gone.told).toEqual(['released', new Error('gone')]);
    expect(failing.told).toEqual(['released', new Error('a fault of the source')]);
  });
});
