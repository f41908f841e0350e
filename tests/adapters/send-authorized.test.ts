import { expect, test } from '@jest/globals';

import type { AccessToken } from '../../src/access-token.js';
import { type AuthorizedRequest, type Replay, sendAuthorized } from '../../src/adapters/send-authorized.js';
import type { TokenEvent } from '../../src/events.js';
import type { TokenSource } from '../../src/token-source.js';
import { fakeClock } from '../support/clock.js';
import { issue, manualSource, settle } from '../support/tokens.js';

const clock = fakeClock();
const [first, second] = [issue('first', clock), issue('second', clock)];

test('sends once with the token of the source, and its reply is the result', async () => {
  const { tokens, asked } = source(first);
  const { authorized, sent, discarded } = request('fine');
  const token = { scope: 'orders:read' };

  const reply = await sendAuthorized(tokens, authorized, { request: token, ...options() });

  expect(reply).toBe('fine');
  expect(sent).toEqual([first]);
  expect(discarded).toEqual([]);
  expect(asked).toEqual([{ request: token, replacing: undefined, signal: undefined }]);
});

test('E1 R-35 asks for another token in place of the rejected one and sends once more', async () => {
  const { tokens, asked } = source(first, second);
  const { authorized, sent, discarded } = request('rejected', 'fine');
  const { emit, events, ...rest } = options();
  const { signal } = new AbortController();
  const token = { scope: 'orders:read' };

  const reply = await sendAuthorized(tokens, authorized, { request: token, signal, emit, ...rest });

  expect(reply).toBe('fine');
  expect(sent).toEqual([first, second]);
  expect(asked).toEqual([
    { request: token, replacing: undefined, signal },
    { request: token, replacing: first, signal },
  ]);
  expect(discarded).toEqual(['rejected']);
  expect(events).toEqual([{ type: 'request.resent', method: 'post', origin: 'https://api.example.com' }]);
});

test('E2 R-35 whatever comes back the second time is the result', async () => {
  const { tokens, asked } = source(first, second);
  const { authorized, sent, discarded } = request('rejected', 'rejected, too');

  const reply = await sendAuthorized(tokens, authorized, options());

  expect(reply).toBe('rejected, too');
  expect(sent).toHaveLength(2);
  expect(asked).toHaveLength(2);
  expect(discarded).toEqual(['rejected']);
});

test('E14 frees the connection of the first reply before it sends again', async () => {
  const { tokens } = source(first, second);
  const order: string[] = [];
  const { authorized } = request('rejected', 'fine');

  await sendAuthorized(
    tokens,
    {
      ...authorized,
      async send(token) {
        order.push(`send ${token.value}`);
        return authorized.send(token);
      },
      async discard() {
        await settle();
        order.push('discard');
      },
    },
    options(),
  );

  expect(order).toEqual(['send first', 'discard', 'send second']);
});

test('A30 E3 lets the reply stand when the source has no other token', async () => {
  const same = issue('first', clock);
  const { tokens } = source(first, same);
  const { authorized, sent, discarded } = request('rejected', 'fine');
  const { emit, events, ...rest } = options();

  const reply = await sendAuthorized(tokens, authorized, { emit, ...rest });

  expect(reply).toBe('rejected');
  expect(sent).toEqual([first]);
  expect(discarded).toEqual([]);
  expect(events).toEqual([
    { type: 'request.not_resent', method: 'post', origin: 'https://api.example.com', reason: 'same token' },
  ]);
});

test.each<[Replay, string, boolean]>([
  ['all', 'POST', true],
  ['all', 'CONNECT', true],
  ['safe', 'GET', true],
  ['safe', 'get', true],
  ['safe', 'HEAD', true],
  ['safe', 'OPTIONS', true],
  ['safe', 'TRACE', true],
  ['safe', 'POST', false],
  ['safe', 'PUT', false],
  ['safe', 'DELETE', false],
  ['safe', 'PATCH', false],
  ['safe', 'QUERY', false],
  ['never', 'GET', false],
  ['never', 'POST', false],
])('E10 R-40 with replay "%s" a %s is sent again: %s', async (replay, method, isSentAgain) => {
  const { tokens, asked } = source(first, second);
  const { authorized, sent } = request('rejected', 'fine');
  const { emit, events } = options();

  await sendAuthorized(tokens, { ...authorized, method }, { replay, emit });

  expect(sent).toHaveLength(isSentAgain ? 2 : 1);
  expect(asked).toHaveLength(2);
  expect(events).toMatchObject([isSentAgain ? { type: 'request.resent' } : { reason: 'replay option' }]);
});

test('E8 the token counts as rejected also when the body cannot be sent twice', async () => {
  const { tokens, asked } = source(first, second);
  const { authorized, sent, discarded } = request('rejected', 'fine');
  const { emit, events, ...rest } = options();

  const reply = await sendAuthorized(tokens, { ...authorized, canSendAgain: () => false }, { emit, ...rest });

  expect(reply).toBe('rejected');
  expect(sent).toHaveLength(1);
  expect(discarded).toEqual([]);
  expect(asked[1]).toMatchObject({ replacing: first });
  expect(events).toMatchObject([{ type: 'request.not_resent', reason: 'body cannot be sent twice' }]);
});

test.each<[string, Replay, boolean]>([
  ['a body that cannot be sent twice', 'all', false],
  ['a replay option that forbids it', 'never', true],
])('E8 with %s the 401 stands even if no other token can be had', async (_what, replay, canSendAgain) => {
  const { authorized } = request('rejected');
  const { tokens } = source(first, new Error('away'));

  const reply = await sendAuthorized(
    tokens,
    { ...authorized, canSendAgain: () => canSendAgain },
    { replay, emit: () => undefined },
  );

  expect(reply).toBe('rejected');
});

test('E13 sends nothing without a token', async () => {
  const { tokens } = source(new Error('away'));
  const { authorized, sent } = request('fine');

  await expect(sendAuthorized(tokens, authorized, options())).rejects.toThrow('away');

  expect(sent).toEqual([]);
});

test('E13 E14 throws when no other token can be had, and frees the connection of the reply', async () => {
  const { tokens } = source(first, new Error('away'));
  const { authorized, sent, discarded } = request('rejected', 'fine');

  await expect(sendAuthorized(tokens, authorized, options())).rejects.toThrow('away');

  expect(sent).toEqual([first]);
  expect(discarded).toEqual(['rejected']);
});

test('passes on what sending throws, the first time and the second', async () => {
  const { authorized } = request('rejected');
  const failing = {
    ...authorized,
    async send(token: AccessToken) {
      if (token === second) throw new Error('reset');
      return authorized.send(token);
    },
  };

  await expect(sendAuthorized(source(second).tokens, failing, options())).rejects.toThrow('reset');
  await expect(sendAuthorized(source(first, second).tokens, failing, options())).rejects.toThrow('reset');
});

test('E19 waits for the token with the signal of the caller', async () => {
  const tokens = manualSource();
  const { signal } = new AbortController();
  const { authorized, sent } = request('fine');

  const reply = sendAuthorized(tokens, authorized, { signal, ...options() });
  await settle();
  expect(tokens.last().options?.signal).toBe(signal);
  expect(sent).toEqual([]);
  tokens.last().resolve(first);

  await expect(reply).resolves.toBe('fine');
});

test('asks without options when there is nothing to say: the cache answers that the fastest', async () => {
  const tokens = manualSource();
  const { authorized } = request('fine');

  const reply = sendAuthorized(tokens, authorized, options());
  expect(tokens.last()).toMatchObject({ request: undefined, options: undefined });
  tokens.last().resolve(first);

  await expect(reply).resolves.toBe('fine');
});

test('D20 hands on the token as it is, which nobody can change', async () => {
  const { tokens } = source(first);
  const { authorized, sent } = request('fine');

  await sendAuthorized(tokens, authorized, options());

  expect(sent[0]).toBe(first);
  expect(Object.isFrozen(sent[0])).toBe(true);
  expect(() => Object.assign(first, { scope: 'admin' })).toThrow(TypeError);
});

function options(): { replay: Replay; emit: (event: TokenEvent) => void; events: TokenEvent[] } {
  const events: TokenEvent[] = [];
  return { replay: 'all', emit: (event) => void events.push(event), events };
}

/** A request that is answered with these replies in turn; those that begin with "rejected" reject the token. */
function request(...replies: string[]): {
  authorized: AuthorizedRequest<string>;
  sent: AccessToken[];
  discarded: string[];
} {
  const sent: AccessToken[] = [];
  const discarded: string[] = [];
  return {
    sent,
    discarded,
    authorized: {
      method: 'post',
      origin: 'https://api.example.com',
      url: 'https://api.example.com/orders',
      send(token) {
        sent.push(token);
        return Promise.resolve(replies[sent.length - 1] ?? 'too many');
      },
      conceal: () => {},
      header: () => undefined,
      replyIn(error) {
        throw error;
      },
      isRejected: (reply) => reply.startsWith('rejected'),
      canSendAgain: () => true,
      settle: (reply) => reply,
      discard: (reply) => void discarded.push(reply),
    },
  };
}

/** A source that gives these answers in turn, and tells how it was asked. */
function source(...answers: (AccessToken | Error)[]): {
  tokens: TokenSource;
  asked: { request: unknown; replacing: AccessToken | undefined; signal: AbortSignal | undefined }[];
} {
  const asked: { request: unknown; replacing: AccessToken | undefined; signal: AbortSignal | undefined }[] = [];
  return {
    asked,
    tokens: {
      async getToken(tokenRequest, { replacing, signal } = {}) {
        asked.push({ request: tokenRequest, replacing, signal });
        const answer = answers[asked.length - 1] ?? new Error('asked too often');
        if (answer instanceof Error) throw answer;
        return Promise.resolve(answer);
      },
    },
  };
}
