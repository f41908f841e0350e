import { expect, test } from '@jest/globals';

import { type FetchClient, FetchExchange, type IsRejected } from '../../../src/adapters/fetch/fetch-exchange.js';
import { fetchRequest } from '../../../src/adapters/fetch/fetch-request.js';
import { fakeClock } from '../../support/clock.js';
import { issue } from '../../support/tokens.js';

const url = 'https://api.example.com/orders?limit=1';
const token = issue('secret', fakeClock());

/** An exchange whose `fetch` answers with these in turn, and what that was called with. */
function exchange({ init = {}, isRejected }: { init?: RequestInit; isRejected?: IsRejected }, ...replies: Response[]) {
  const calls: Parameters<typeof fetch>[] = [];
  const recorded: typeof fetch = (...call) => {
    calls.push(call);
    return Promise.resolve(replies.shift() ?? new Response());
  };
  const client: FetchClient = {
    fetch: recorded,
    isRejected,
    requestOf: () => undefined,
    follow: (_exchange, _reply, location) => Promise.resolve(new Response(`what is at ${location}`)),
  };
  const tested = new FetchExchange(client, fetchRequest(url, init), 'https://api.example.com', undefined, 0);
  return { tested, calls };
}

test('sends the token, and follows no redirect [R-32]', async () => {
  const { tested, calls } = exchange({ init: { method: 'PUT', body: 'it', headers: { a: '1' } } });

  await tested.send(token);

  expect(calls).toEqual([
    [url, { method: 'PUT', body: 'it', headers: { a: '1', authorization: 'Bearer secret' }, redirect: 'manual' }],
  ]);
  expect(tested).toMatchObject({ method: 'PUT', url, origin: 'https://api.example.com' });
});

test('sends a proof of possession with it, when there is one [R-69]', async () => {
  const { tested, calls } = exchange({});

  await tested.send(token, 'a proof');
  await tested.send(token);

  expect(calls.map(([, init]) => init?.headers)).toEqual([
    { authorization: 'Bearer secret', dpop: 'a proof' },
    { authorization: 'Bearer secret' },
  ]);
});

test('has fetch fail on a redirect when that is asked for', async () => {
  const { tested, calls } = exchange({ init: { redirect: 'error' } });

  await tested.send(token);

  expect(calls[0]?.[1]?.redirect).toBe('error');
});

test('says of a reply whether it rejects the token [E6 E25]', async () => {
  const rejected = new Response(null, { status: 401 });
  const forbidden = new Response(null, { status: 403 });
  const basic = new Response(null, { status: 401, headers: { 'www-authenticate': 'Basic' } });
  const isRejected = async ({ status }: Response): Promise<boolean> => Promise.resolve(status === 403);
  const { tested } = exchange({ isRejected });

  const verdicts: boolean[] = [];
  for (const reply of [rejected, new Response(), forbidden, basic]) verdicts.push(await tested.isRejected(reply));

  expect(verdicts).toEqual([true, false, true, false]);
  expect(exchange({}).tested.isRejected(forbidden)).toBe(false);
});

test('settles a redirect with what it leads to, unless redirects are not to be followed [E11]', async () => {
  const redirect = new Response(null, { status: 307, headers: { location: '/there' } });
  const ordinary = new Response();

  const followed = await exchange({}).tested.settle(redirect);

  expect(await followed.text()).toBe('what is at /there');
  expect(exchange({ init: { redirect: 'manual' } }).tested.settle(redirect)).toBe(redirect);
  expect(exchange({}).tested.settle(ordinary)).toBe(ordinary);
});

test('reads the headers of a reply', () => {
  const { tested } = exchange({});
  const headers = new Headers([
    ['WWW-Authenticate', 'Basic'],
    ['WWW-Authenticate', 'Bearer'],
  ]);

  expect(tested.header(new Response(null, { headers }), 'www-authenticate')).toBe('Basic, Bearer');
  expect(tested.header(new Response(), 'dpop-nonce')).toBeUndefined();
});

test('cancels a reply that nobody reads, and leaves alone one that somebody does [E14]', async () => {
  const { tested } = exchange({});
  let isCancelled = false;
  const unread = new Response(new ReadableStream({ cancel: () => void (isCancelled = true) }));
  const read = new Response('something');
  const reading = read.text();

  for (const reply of [unread, read, new Response()]) tested.discard(reply);

  expect(isCancelled).toBe(true);
  expect(await reading).toBe('something');
});
