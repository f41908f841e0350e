import { expect, test } from '@jest/globals';
import type { Dispatcher } from 'undici';

import type { HeaderRecord } from '../../../src/adapters/undici/headers.js';
import { UndiciExchange } from '../../../src/adapters/undici/request.js';
import type { Handler } from '../../../src/adapters/undici/undici-handler.js';
import { fakeClock } from '../../support/clock.js';
import { issue } from '../../support/tokens.js';

const token = issue('secret', fakeClock());
const origin = 'https://api.example.com';
const controller = { abort: () => undefined, pause: () => undefined, resume: () => undefined } as never;

type Answer = readonly [statusCode: number, headers: HeaderRecord, history?: readonly URL[]];

/** An exchange that is answered with these in turn; what was dispatched, and what its caller got to see. */
function exchange(
  { isRejected, ...outgoing }: Partial<Dispatcher.DispatchOptions> & { isRejected?: () => boolean },
  ...answers: Answer[]
) {
  const sent: Dispatcher.DispatchOptions[] = [];
  const seen: number[] = [];
  const tested = new UndiciExchange({
    dispatch(options, handler) {
      sent.push(options);
      const attempt = handler as Handler;
      const [statusCode, headers, history] = answers[sent.length - 1] ?? [200, {}];
      attempt.onRequestStart?.(controller, { history });
      attempt.onResponseStart?.(controller, statusCode, headers);
      return true;
    },
    outgoing: { method: 'GET', path: '/orders?limit=1', headers: { a: '1' }, ...outgoing },
    handler: { onResponseStart: (_controller, statusCode) => void seen.push(statusCode) },
    origin,
    isRejected,
    tokenRequest: undefined,
    signal: undefined,
  });
  return { tested, sent, seen };
}

test('sends the token, and a proof of possession when there is one [R-32 R-69]', async () => {
  const { tested, sent } = exchange({ method: 'PUT', body: 'it' });

  await tested.send(token);
  await tested.send(token, 'a proof');

  expect(sent).toEqual([
    { method: 'PUT', path: '/orders?limit=1', body: 'it', headers: { a: '1', authorization: 'Bearer secret' } },
    {
      method: 'PUT',
      path: '/orders?limit=1',
      body: 'it',
      headers: { a: '1', authorization: 'Bearer secret', dpop: 'a proof' },
      // Whoever follows redirects below would take it along.
      maxRedirections: 0,
    },
  ]);
  expect(tested).toMatchObject({ method: 'PUT', origin, url: `${origin}/orders?limit=1` });
});

test('shows a reply that is no 401 at once, and a 401 when it is settled, whatever it says [R-73 E6]', async () => {
  const nonce = { 'dpop-nonce': 'n-1', 'www-authenticate': 'DPoP error="use_dpop_nonce"' };
  const { tested, seen } = exchange({}, [401, nonce], [200, { 'dpop-nonce': 'n-2' }]);

  const first = await tested.send(token);
  const before = [...seen];
  const isFirstRejected = tested.isRejected();
  tested.settle(first);
  const second = await tested.send(token);

  expect(before).toEqual([]);
  expect(isFirstRejected).toBe(false);
  expect(seen).toEqual([401, 200]);
  expect([first, second].map((reply) => tested.header(reply, 'DPoP-Nonce'))).toEqual(['n-1', 'n-2']);
});

test('blames the token for the 401 of its origin only [R-37]', async () => {
  const [here, there] = [new URL(`${origin}/moved`), new URL('https://other.example.com/')];
  const { tested } = exchange({}, [401, {}], [401, {}, [there, here]], [401, {}, [here, there]]);

  const verdicts: boolean[] = [];
  for (let attempt = 0; attempt < 3; attempt += 1) {
    await tested.send(token);
    verdicts.push(tested.isRejected());
  }

  expect(verdicts).toEqual([true, true, false]);
});

test('holds back what "isRejected" rejects [E25]', async () => {
  const { tested, seen } = exchange({ isRejected: () => true }, [403, {}]);

  await tested.send(token);

  expect(tested.isRejected()).toBe(true);
  expect(seen).toEqual([]);
});

test('sends a body again that it has kept [E8 E9]', async () => {
  async function* parts(): AsyncGenerator<Buffer> {
    yield Promise.resolve(Buffer.from('it'));
  }
  const { tested } = exchange({ method: 'PUT', body: parts() as never });
  const { tested: another } = exchange({ method: 'PUT', body: 'it' });

  expect(tested.canSendAgain()).toBe(false);
  expect(another.canSendAgain()).toBe(true);
});

test('passes on what dispatching throws', async () => {
  const { tested } = exchange({
    isRejected: () => {
      throw new Error('a fault of the caller');
    },
  });

  await expect(tested.send(token)).rejects.toThrow('a fault of the caller');
});
