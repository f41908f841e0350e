import { AsyncLocalStorage } from 'node:async_hooks';
import { webcrypto } from 'node:crypto';

import { describe, expect, test } from '@jest/globals';
import { decodeJwt } from 'jose';

import { adapterOptions } from '../../src/adapters/adapter-options.js';
import {
  type AuthorizedRequest,
  type Resend,
  sendAuthorized,
  type SendOptions,
} from '../../src/adapters/send-authorized.js';
import { AccessToken } from '../../src/core/access-token.js';
import type { TokenEvent } from '../../src/core/events.js';
import type { TokenSource } from '../../src/core/token-source.js';
import { fakeClock } from '../support/clock.js';
import { hashOf } from '../support/dpop-proof.js';
import { issue, manualSource, settle } from '../support/tokens.js';

const clock = fakeClock();
const keyPair = await webcrypto.subtle.generateKey({ name: 'ECDSA', namedCurve: 'P-256' }, false, ['sign', 'verify']);
const [first, second] = [issue('first', clock), issue('second', clock)];

test('sends the request once with the token of the source, and returns the response', async () => {
  const { tokens, asked } = source(first);
  const { authorized, sent, discarded } = request('fine');
  const tokenRequest = { scope: 'orders:read' };

  const reply = await sendAuthorized({ ...authorized, tokenRequest }, options(tokens));

  expect(reply.body).toBe('fine');
  expect(sent).toEqual([first]);
  expect(discarded).toEqual([]);
  expect(asked).toEqual([{ request: tokenRequest, replacing: undefined, signal: undefined }]);
});

test('replaces a rejected token and resends the request once [E1 R-35]', async () => {
  const { tokens, asked } = source(first, second);
  const { authorized, sent, discarded } = request('rejected', 'fine');
  const { emit, events, ...rest } = options(tokens);
  const { signal } = new AbortController();
  const tokenRequest = { scope: 'orders:read' };

  const reply = await sendAuthorized({ ...authorized, tokenRequest, signal }, { emit, ...rest });

  expect(reply.body).toBe('fine');
  expect(sent).toEqual([first, second]);
  expect(asked).toEqual([
    { request: tokenRequest, replacing: undefined, signal },
    { request: tokenRequest, replacing: first, signal },
  ]);
  expect(discarded).toEqual(['rejected']);
  const origin = 'https://api.example.com';
  expect(events).toEqual([{ type: 'request.resent', method: 'post', origin, reason: 'token rejected' }]);
});

test('returns the second response, also if it rejects the token [E2 R-35]', async () => {
  const { tokens, asked } = source(first, second);
  const { authorized, sent, discarded } = request('rejected', 'rejected, too');

  const reply = await sendAuthorized(authorized, options(tokens));

  expect(reply.body).toBe('rejected, too');
  expect(sent).toHaveLength(2);
  expect(asked).toHaveLength(2);
  expect(discarded).toEqual(['rejected']);
});

test('discards the first response before the resend [E14]', async () => {
  const { tokens } = source(first, second);
  const order: string[] = [];
  const { authorized } = request('rejected', 'fine');

  await sendAuthorized(
    {
      ...authorized,
      async send(token) {
        order.push(`send ${token.value}`);
        return authorized.send(token);
      },
      discard() {
        order.push('discard');
      },
    },
    options(tokens),
  );

  expect(order).toEqual(['send first', 'discard', 'send second']);
});

test('returns the rejected response if the source has no other token [A30 E3]', async () => {
  const same = issue('first', clock);
  const { tokens } = source(first, same);
  const { authorized, sent, discarded } = request('rejected', 'fine');
  const { emit, events, ...rest } = options(tokens);

  const reply = await sendAuthorized(authorized, { emit, ...rest });

  expect(reply.body).toBe('rejected');
  expect(sent).toEqual([first]);
  expect(discarded).toEqual([]);
  expect(events).toEqual([
    { type: 'request.not_resent', method: 'post', origin: 'https://api.example.com', reason: 'same token' },
  ]);
});

test.each<[Resend, string, boolean]>([
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
])('with resend "%s" a %s is resent: %s [E10 R-40]', async (resend, method, isSentAgain) => {
  const { tokens, asked } = source(first, second);
  const { authorized, sent } = request('rejected', 'fine');
  const { events, ...rest } = options(tokens);

  await sendAuthorized({ ...authorized, method }, { ...rest, resend });

  expect(sent).toHaveLength(isSentAgain ? 2 : 1);
  expect(asked).toHaveLength(2);
  expect(events).toMatchObject([isSentAgain ? { type: 'request.resent' } : { reason: 'resend option' }]);
});

test('renews the token also if the body cannot be sent twice [E8]', async () => {
  const { tokens, asked } = source(first, second);
  const { authorized, sent, discarded } = request('rejected', 'fine');
  const { emit, events, ...rest } = options(tokens);

  const reply = await sendAuthorized({ ...authorized, isResendable: () => false }, { emit, ...rest });

  expect(reply.body).toBe('rejected');
  expect(sent).toHaveLength(1);
  expect(discarded).toEqual([]);
  expect(asked[1]).toMatchObject({ replacing: first });
  expect(events).toMatchObject([{ type: 'request.not_resent', reason: 'body cannot be sent twice' }]);
});

test.each<[string, Resend, boolean]>([
  ['a body that cannot be sent twice', 'all', false],
  ['a resend option that forbids it', 'never', true],
])('with %s the 401 is the result, even if the renewal fails [E8]', async (_what, resend, isResendable) => {
  const { authorized } = request('rejected');
  const { tokens } = source(first, new Error('away'));

  const reply = await sendAuthorized(
    { ...authorized, isResendable: () => isResendable },
    { ...options(tokens), resend },
  );

  expect(reply.body).toBe('rejected');
});

test.each<[string, Resend, boolean]>([
  ['a body that cannot be sent twice', 'all', false],
  ['a resend option that forbids it', 'never', true],
])(
  'with %s the renewal runs without the signal and the asynchronous context of the request [E28 D29]',
  async (_what, resend, isResendable) => {
    const contexts = new AsyncLocalStorage<string>();
    const renewals: unknown[] = [];
    const answers = source(first, new Promise(() => {}));
    const tokens: TokenSource = {
      getToken(tokenRequest, given) {
        if (given?.replacing) renewals.push([tokenRequest, given, contexts.getStore()]);
        return answers.tokens.getToken(tokenRequest, given);
      },
    };
    const { signal } = new AbortController();
    const authorized = { ...request('rejected').authorized, isResendable: () => isResendable, signal };
    const same = { ...options(tokens), resend };
    const tokenRequest = { scope: 'orders:read' };

    const reply = await contexts.run('of the request', () => sendAuthorized({ ...authorized, tokenRequest }, same));

    expect(reply.body).toBe('rejected');
    expect(renewals).toEqual([[tokenRequest, { replacing: first }, undefined]]);
  },
);

test('a synchronous error of a renewal in the background does not reach the caller [E28]', async () => {
  const { authorized } = request('rejected');
  const tokens: TokenSource = {
    getToken(_request, given) {
      if (given?.replacing) throw new Error('not even a promise');
      return Promise.resolve(first);
    },
  };

  const reply = await sendAuthorized(authorized, { ...options(tokens), resend: 'never' });

  expect(reply.body).toBe('rejected');
});

test('sends nothing without a token [E13]', async () => {
  const { tokens } = source(new Error('away'));
  const { authorized, sent } = request('fine');

  await expect(sendAuthorized(authorized, options(tokens))).rejects.toThrow('away');

  expect(sent).toEqual([]);
});

test('fails if the renewal fails, and discards the response [E13 E14]', async () => {
  const { tokens } = source(first, new Error('away'));
  const { authorized, sent, discarded } = request('rejected', 'fine');

  await expect(sendAuthorized(authorized, options(tokens))).rejects.toThrow('away');

  expect(sent).toEqual([first]);
  expect(discarded).toEqual(['rejected']);
});

test('passes on an error of the first send and of the resend', async () => {
  const { authorized } = request('rejected');
  const failing = {
    ...authorized,
    async send(token: AccessToken) {
      if (token === second) throw new Error('reset');
      return authorized.send(token);
    },
  };

  await expect(sendAuthorized(failing, options(source(second).tokens))).rejects.toThrow('reset');
  await expect(sendAuthorized(failing, options(source(first, second).tokens))).rejects.toThrow('reset');
});

test('waits for the token with the signal of the caller [E19]', async () => {
  const tokens = manualSource();
  const { signal } = new AbortController();
  const { authorized, sent } = request('fine');

  const reply = sendAuthorized({ ...authorized, signal }, options(tokens));
  await settle();
  expect(tokens.last().options?.signal).toBe(signal);
  expect(sent).toEqual([]);
  tokens.last().resolve(first);

  expect((await reply).body).toBe('fine');
});

test('requests no token if the signal is already aborted [E19]', async () => {
  const { tokens, asked } = source(first);
  const { authorized, sent } = request('fine');
  const signal = AbortSignal.abort(new Error('gone'));

  await expect(sendAuthorized({ ...authorized, signal }, options(tokens))).rejects.toThrow('gone');

  expect([asked, sent]).toEqual([[], []]);
});

test.each([1, 2])(
  'sends nothing after an abort during the wait for token %i, even if the source ignores the signal [E19]',
  async (wait) => {
    const caller = new AbortController();
    const { authorized, sent, discarded } = request('rejected', 'fine');
    let waits = 0;
    const tokens: TokenSource = {
      async getToken() {
        if ((waits += 1) === wait) caller.abort(new Error('gone'));
        return Promise.resolve(waits === 1 ? first : second);
      },
    };

    const reply = sendAuthorized({ ...authorized, signal: caller.signal }, options(tokens));

    await expect(reply).rejects.toThrow('gone');
    expect(sent).toHaveLength(wait - 1);
    expect(discarded).toHaveLength(wait - 1);
  },
);

test('passes on the token itself, which is immutable [D20]', async () => {
  const { tokens } = source(first);
  const { authorized, sent } = request('fine');

  await sendAuthorized(authorized, options(tokens));

  expect(sent[0]).toBe(first);
  expect(Object.isFrozen(sent[0])).toBe(true);
  expect(() => Object.assign(first, { scope: 'admin' })).toThrow(TypeError);
});

describe('decides for all adapters whether the token is rejected, by', () => {
  test.each<[string, FakeResponse, boolean]>([
    ['a 401 without a challenge [E6 R-37]', { status: 401 }, true],
    ['a 401 that says invalid_token', { status: 401, challenge: 'Bearer error="invalid_token"' }, true],
    ['a 401 that asks for other credentials [E6]', { status: 401, challenge: 'Basic realm="api"' }, false],
    ['a 401 for too little scope [R-36]', { status: 401, challenge: 'Bearer error="insufficient_scope"' }, false],
    ['a 403 that says invalid_token [E5]', { status: 403, challenge: 'Bearer error="invalid_token"' }, false],
    ['a success', { status: 200, challenge: 'Bearer error="invalid_token"' }, false],
    ['a 401 of the same origin after a redirect', { status: 401, url: 'https://api.example.com/moved' }, true],
    ['a 401 of another origin [E11]', { status: 401, url: 'https://other.example.com/orders' }, false],
    ['a 401 of another port [E11]', { status: 401, url: 'https://api.example.com:8443/orders' }, false],
    ['the option for a 403 [E25]', { status: 403, isRejected: true }, true],
    ['the option for a 200 [E15]', { status: 200, isRejected: true }, true],
    ['the option for another origin', { url: 'https://other.example.com/', isRejected: true }, true],
    ['a 401, although the option returns false [E25]', { status: 401, isRejected: false }, true],
  ])('%s', async (_what, response, isRejected) => {
    const { tokens, asked } = source(first, second);
    const { authorized, sent } = request(response, 'fine');

    await sendAuthorized(authorized, options(tokens));

    expect(sent).toHaveLength(isRejected ? 2 : 1);
    expect(asked).toHaveLength(isRejected ? 2 : 1);
  });

  test('frees the connection when the option throws, and passes the error on [E14 E25]', async () => {
    const { tokens } = source(first);
    const { authorized, discarded } = request('odd');
    const isRejected = (): never => {
      throw new Error('a fault of the caller');
    };

    const failure = sendAuthorized({ ...authorized, isRejected }, options(tokens));

    await expect(failure).rejects.toThrow('a fault of the caller');
    expect(discarded).toEqual(['odd']);
  });
});

describe('with a token of type DPoP', () => {
  test('sends it with a new proof each time, and a Bearer token without one [R-69 R-71]', async () => {
    const { tokens } = source(bound('first'), bound('second'), first);
    const { authorized, proofs } = request('rejected', 'fine', 'fine');

    await sendAuthorized(authorized, options(tokens));
    await sendAuthorized(authorized, options(tokens));

    expect(proofs.map((proof) => proof && decodeJwt(proof)['ath'])).toEqual([
      hashOf('first'),
      hashOf('second'),
      undefined,
    ]);
  });

  test('sends no token of type DPoP without a proof, also when it replaces one of type Bearer [R-70]', async () => {
    const { tokens } = source(first, bound('second'));
    const { authorized, proofs } = request('rejected', 'fine');

    await sendAuthorized(authorized, options(tokens));

    expect(proofs.map((proof) => proof && decodeJwt(proof)['ath'])).toEqual([undefined, hashOf('second')]);
  });

  test('resends it with the requested nonce, without another token [R-75 E14]', async () => {
    const { tokens, asked } = source(bound('first'));
    const { authorized, proofs, sent, discarded } = request('nonce-1 challenge', 'fine');
    const { events, ...rest } = options(tokens);

    const reply = await sendAuthorized(authorized, rest);

    expect(reply.body).toBe('fine');
    expect(sent.map(({ value }) => value)).toEqual(['first', 'first']);
    expect(proofs.map(nonceIn)).toEqual([undefined, 'nonce-1']);
    expect(discarded).toEqual(['nonce-1 challenge']);
    expect(asked).toHaveLength(1);
    expect(events).toMatchObject([{ type: 'request.resent', reason: 'dpop nonce' }]);
  });

  test.each<[string, string[], string[], string]>([
    ['before a rejection', ['nonce-1 challenge', 'rejected', 'fine'], ['first', 'first', 'second'], 'fine'],
    ['after a rejection', ['rejected', 'nonce-1 challenge', 'fine'], ['first', 'second', 'second'], 'fine'],
    [
      'before a rejection, and the third response is the result',
      ['nonce-1 challenge', 'rejected', 'rejected, too'],
      ['first', 'first', 'second'],
      'rejected, too',
    ],
    ['twice', ['nonce-1 challenge', 'nonce-2 challenge'], ['first', 'first'], 'nonce-2 challenge'],
    [
      'before and after a rejection',
      ['nonce-1 challenge', 'rejected', 'nonce-2 challenge'],
      ['first', 'first', 'second'],
      'nonce-2 challenge',
    ],
    ['together with a rejection', ['rejected nonce-1 challenge', 'fine'], ['first', 'first'], 'fine'],
    [
      'together with a rejection each time',
      ['rejected nonce-1 challenge', 'rejected nonce-2 challenge', 'rejected nonce-3 challenge'],
      ['first', 'first', 'second'],
      'rejected nonce-3 challenge',
    ],
  ])('sends at most three times if a nonce is requested %s [E23 R-75]', async (_when, replies, values, result) => {
    const { tokens } = source(bound('first'), bound('second'));
    const { authorized, sent } = request(...replies);

    const reply = await sendAuthorized(authorized, options(tokens));

    expect(reply.body).toBe(result);
    expect(sent.map(({ value }) => value)).toEqual(values);
  });

  test('stores the nonce of each response [R-73]', async () => {
    const { tokens } = source(bound('first'), bound('first'), bound('first'));
    const { authorized, proofs } = request('nonce-1', 'nonce-2', 'fine');
    const same = options(tokens);

    for (let call = 0; call < 3; call += 1) await sendAuthorized(authorized, same);

    expect(proofs.map(nonceIn)).toEqual([undefined, 'nonce-1', 'nonce-2']);
  });

  test.each<[string, Resend, boolean]>([
    ['body cannot be sent twice', 'all', false],
    ['resend option', 'never', true],
  ])(
    'returns the 401 because of "%s", and the next request has the nonce [E8 E10]',
    async (reason, resend, isResendable) => {
      const { tokens, asked } = source(bound('first'), bound('first'));
      const { authorized, proofs } = request('nonce-1 challenge', 'fine');
      const { events, ...rest } = options(tokens);
      const once = { ...authorized, isResendable: () => isResendable };

      const reply = await sendAuthorized(once, { ...rest, resend });
      await sendAuthorized(once, { ...rest, resend });

      expect(reply.body).toBe('nonce-1 challenge');
      expect(events).toEqual([
        { type: 'request.not_resent', method: 'post', origin: 'https://api.example.com', reason },
      ]);
      expect(proofs.map(nonceIn)).toEqual([undefined, 'nonce-1']);
      expect(asked).toHaveLength(2);
    },
  );

  test.each(['https://api.example.com/moved', 'https://other.example.com/orders'])(
    'a response of %s, which has no proof of its own, neither rejects the token nor provides a nonce [R-42 R-73]',
    async (url) => {
      const { tokens, asked } = source(bound('first'), bound('first'));
      const elsewhere = { ...responseOf('rejected nonce-1 challenge'), url };
      const { authorized, proofs } = request(elsewhere, {
        ...responseOf('nonce-2'),
        url: 'https://api.example.com/orders?a',
      });
      const same = options(tokens);

      const reply = await sendAuthorized(authorized, same);
      await sendAuthorized(authorized, same);

      expect(reply).toBe(elsewhere);
      expect(asked).toHaveLength(2);
      expect(proofs.map(nonceIn)).toEqual([undefined, undefined]);
    },
  );

  test('does not resend if a nonce is requested and none is provided [R-75]', async () => {
    const { tokens } = source(bound('first'));
    const { authorized, sent } = request('challenge', 'fine');

    const reply = await sendAuthorized(authorized, options(tokens));

    expect(reply.body).toBe('challenge');
    expect(sent).toHaveLength(1);
  });
});

const bound = (value: string): AccessToken =>
  new AccessToken({ value, type: 'DPoP', keyPair, issuedAt: 0, expiresAt: Infinity });

const nonceIn = (proof: string | undefined): unknown => decodeJwt(String(proof))['nonce'];

function options(tokens: TokenSource = source().tokens): SendOptions & { events: TokenEvent[] } {
  const events: TokenEvent[] = [];
  const onEvent = (event: TokenEvent): unknown => events.push(event);
  return { ...adapterOptions('an adapter', tokens, { onEvent }), events };
}

/** A response of the fake HTTP client. */
interface FakeResponse {
  readonly status?: number;
  readonly body?: string;
  readonly challenge?: string | undefined;
  readonly nonce?: string | undefined;
  readonly url?: string;
  readonly wasRedirected?: boolean;
  readonly isRejected?: boolean;
}

/**
 * A response by its body: one that begins with "rejected" rejects the token, one that ends with "challenge" asks for a nonce, and the word that
 * begins with "nonce" is one.
 */
function responseOf(body: string): FakeResponse {
  const challenges = [
    ...(body.endsWith('challenge') ? ['DPoP error="use_dpop_nonce"'] : []),
    ...(body.startsWith('rejected') ? ['Bearer error="invalid_token"'] : []),
  ];
  const nonce = /nonce-\d/.exec(body)?.[0];
  return { status: challenges.length > 0 ? 401 : 200, body, challenge: challenges.join() || undefined, nonce };
}

/** A request that gets these responses in turn. */
function request(...responses: (string | FakeResponse)[]): {
  authorized: AuthorizedRequest<FakeResponse>;
  sent: AccessToken[];
  proofs: (string | undefined)[];
  discarded: (string | undefined)[];
} {
  const sent: AccessToken[] = [];
  const proofs: (string | undefined)[] = [];
  const discarded: (string | undefined)[] = [];
  return {
    sent,
    proofs,
    discarded,
    authorized: {
      method: 'post',
      origin: 'https://api.example.com',
      url: () => 'https://api.example.com/orders',
      tokenRequest: undefined,
      signal: undefined,
      send(token, proof) {
        sent.push(token);
        proofs.push(proof);
        const response = responses[sent.length - 1] ?? 'too many';
        return Promise.resolve(typeof response === 'string' ? responseOf(response) : response);
      },
      status: ({ status = 200 }) => status,
      header: (response, name) => (name === 'DPoP-Nonce' ? response.nonce : response.challenge),
      responseUrl: ({ url }) => url,
      wasRedirected: ({ wasRedirected = false }) => wasRedirected,
      isRejected: ({ isRejected = false }) => isRejected,
      isResendable: () => true,
      discard: ({ body }) => void discarded.push(body),
    },
  };
}

/** A source that gives these answers in turn, and tells how it was asked. */
function source(...answers: (AccessToken | Error | Promise<AccessToken>)[]): {
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
        return answer;
      },
    },
  };
}
