import { webcrypto } from 'node:crypto';
import { once } from 'node:events';

import { expect, test } from '@jest/globals';

import { AccessToken } from '../../../src/core/access-token.js';
import type { TokenEvent } from '../../../src/core/events.js';
import { canonicalRequest } from '../../../src/core/token-request.js';
import type { Layer, TokenSource } from '../../../src/core/token-source.js';
import { type SharedStoreOptions, withSharedStore } from '../../../src/layers/shared-store/shared-store.js';
import { sharedTokens, type SharedTokensOptions } from '../../../src/stores/shared-tokens.js';
import { memoryStore } from '../../../src/stores/memory.js';
import { toStored } from '../../../src/stores/token-record.js';
import type { StoredToken, TokenStore } from '../../../src/stores/token-store.js';
import { tokenSourceContract } from '../../contracts/token-source.js';
import { type FakeClock, fakeClock } from '../../support/clock.js';
import { issue, type ManualSource, manualSource, settle } from '../../support/tokens.js';
import { collectNotable } from '../../support/events.js';

const second = 1_000;

type SharingOptions = SharedTokensOptions & SharedStoreOptions;

const sharing = ({ deadlineMs, refresh, random, ...options }: SharingOptions): Layer =>
  withSharedStore(sharedTokens(options), { deadlineMs, refresh, random });

tokenSourceContract('withSharedStore', (inner) => {
  const clock = fakeClock();
  return sharing({ store: memoryStore({ clock }), identity: [], clock })(inner);
});

interface Replica {
  readonly tokens: TokenSource;
  readonly source: ManualSource;
}

/** Makes replicas with one clock and one store. */
function fleet({ clock = fakeClock(), ...options }: Partial<SharingOptions> & { clock?: FakeClock } = {}) {
  const store = options.store ?? memoryStore({ clock });
  const events: TokenEvent[] = [];
  const replica = (others: Partial<SharingOptions> = {}): Replica => {
    const source = manualSource();
    const onEvent = collectNotable(events);
    const layer = sharing({
      store,
      identity: ['orders'],
      clock,
      random: () => 0.5,
      onEvent,
      ...options,
      ...others,
    });
    return { source, tokens: layer(source) };
  };
  /** Lets time pass in small steps, so that waiting replicas poll. */
  const pass = async (ms: number): Promise<void> => {
    for (let passed = 0; passed < ms; passed += 100) {
      clock.advance(Math.min(100, ms - passed));
      await settle();
    }
  };
  return { clock, store, events, replica, pass };
}

async function answerOf(replica: Replica, token: AccessToken): Promise<AccessToken> {
  const answer = replica.tokens.getToken();
  await settle();
  replica.source.last().resolve(token);
  await settle();
  return answer;
}

test('returns the token that another replica stored, without a grant [D7]', async () => {
  const { clock, replica } = fleet();
  const [one, other] = [replica(), replica()];
  const token = new AccessToken({
    value: 'a',
    scope: 'read',
    issuedAt: clock.now(),
    expiresAt: clock.now() + 60 * second,
  });

  await answerOf(one, token);
  const shared = await other.tokens.getToken();

  expect(shared).toEqual(token);
  expect(shared.value).toBe('a');
  expect(other.source.calls).toEqual([]);
});

test('returns the stored token from a read-only store [D7]', async () => {
  const clock = fakeClock();
  const memory = memoryStore({ clock });
  const { replica, events } = fleet({ store: memory, clock });
  await answerOf(replica(), issue('a', clock));
  const other = replica({ store: { ...memory, lease: () => Promise.reject(new Error('READONLY no writes')) } });

  expect((await other.tokens.getToken()).value).toBe('a');
  expect(events).toEqual([]);
});

test('sends one grant for fifty replicas that start together [D5 D11]', async () => {
  const { clock, replica, pass } = fleet();
  const replicas = Array.from({ length: 50 }, () => replica());

  const answers = replicas.map(({ tokens }) => tokens.getToken());
  await pass(3 * second);
  const calls = replicas.flatMap(({ source }) => source.calls);
  calls[0]?.resolve(issue('a', clock));
  await pass(200);

  expect((await Promise.all(answers)).map(({ value }) => value)).toEqual(replicas.map(() => 'a'));
  expect(replicas.flatMap(({ source }) => source.calls)).toHaveLength(1);
});

test('renews a token once for all replicas [D7]', async () => {
  const { clock, replica } = fleet();
  const [one, other] = [replica(), replica()];
  const old = await answerOf(one, issue('old', clock));
  clock.advance(50 * 60 * second);

  const renewal = one.tokens.getToken(undefined, { replacing: old });
  await settle();
  one.source.last().resolve(issue('new', clock));
  await renewal;
  const taken = await other.tokens.getToken(undefined, { replacing: old });

  expect(taken.value).toBe('new');
  expect(one.source.last().options?.replacing).toBe(old);
  expect(other.source.calls).toEqual([]);
});

test('replaces a rejected token in the store although the clock of its replica was ahead [C5 D12 D24]', async () => {
  const { clock, replica } = fleet();
  const [one, other, third] = [replica(), replica(), replica()];
  await answerOf(one, issue('old', clock));
  clock.step(-5 * second);
  const rejected = await other.tokens.getToken();

  const renewal = other.tokens.getToken(undefined, { replacing: rejected });
  await settle();
  other.source.last().resolve(issue('new', clock));
  await renewal;
  await settle();

  expect(rejected.value).toBe('old');
  expect((await third.tokens.getToken()).value).toBe('new');
  expect((await one.tokens.getToken(undefined, { replacing: rejected })).value).toBe('new');
  expect([one, third].map(({ source }) => source.calls.length)).toEqual([1, 0]);
});

test('replaces a token that is rejected before it is stored [D12 E1]', async () => {
  const clock = fakeClock();
  const slow = memoryStore({ clock });
  let stored = (): void => {};
  const store: TokenStore = {
    ...slow,
    async set(...entry) {
      await new Promise<void>((resolve) => (stored = resolve));
      await slow.set(...entry);
    },
  };
  const { replica, pass } = fleet({ clock, store });
  const { tokens, source } = replica();
  const first = tokens.getToken();
  await settle();
  source.last().resolve(issue('rejected', clock));
  const rejected = await first;

  const renewal = tokens.getToken(undefined, { replacing: rejected });
  await settle();
  stored();
  await pass(200);
  source.last().resolve(issue('new', clock));

  expect((await renewal).value).toBe('new');
  expect(source.calls).toHaveLength(2);
});

test('returns the token stored during a wait, even if it equals the token to be replaced [A16]', async () => {
  const { clock, replica, pass } = fleet();
  const [one, other] = [replica(), replica()];
  const old = await answerOf(one, issue('same', clock));
  clock.advance(50 * 60 * second);

  const [renewal, waiting] = [one, other].map(({ tokens }) => tokens.getToken(undefined, { replacing: old }));
  await settle();
  one.source.last().resolve(issue('same', clock, 10 * 60 * second));
  await renewal;
  await pass(200);

  expect((await waiting)?.value).toBe('same');
  expect(other.source.calls).toEqual([]);
});

test.each([
  { minutes: 5, calls: 1 },
  { minutes: 1, calls: 1 },
  // The clocks of two hosts may differ by a minute.
  { minutes: 0.99, calls: 0 },
])(
  'sends $calls grants when the stored token was issued $minutes min before the rejected one [C5]',
  async ({ minutes, calls }) => {
    const { clock, replica } = fleet();
    const [one, other] = [replica(), replica()];
    await answerOf(one, issue('older', clock));
    clock.advance(minutes * 60 * second);
    const rejected = issue('rejected', clock);

    void other.tokens.getToken(undefined, { replacing: rejected });
    await settle();

    expect(other.source.calls).toHaveLength(calls);
  },
);

test('renews a token that is valid for less than `minValidityMs`', async () => {
  const { clock, replica } = fleet();
  const [one, other] = [replica(), replica()];
  await answerOf(one, issue('short', clock, 60 * second));

  const answer = other.tokens.getToken(undefined, { minValidityMs: 120 * second });
  await settle();
  other.source.last().resolve(issue('long', clock, 300 * second));

  expect((await answer).value).toBe('long');
});

test('renews a token within its mandatory refresh window, and returns it when the renewal fails [C5 A3]', async () => {
  const { clock, replica } = fleet();
  const [one, other] = [replica(), replica()];
  await answerOf(one, issue('last', clock));
  clock.advance(3_600 * second - 20 * second);

  const answer = other.tokens.getToken();
  await settle();
  other.source.last().reject(new Error('away'));

  expect((await answer).value).toBe('last');
});

test('has a mandatory refresh window in proportion to the lifetime [A14]', async () => {
  const { clock, replica } = fleet();
  const [one, other] = [replica(), replica()];
  await answerOf(one, issue('short', clock, 60 * second));

  clock.advance(53 * second);
  expect((await other.tokens.getToken()).value).toBe('short');
  clock.advance(1 * second);
  void other.tokens.getToken();
  await settle();

  expect(other.source.calls).toHaveLength(1);
});

test('returns the stored token after a failed renewal to callers that have not given up [A3 B6]', async () => {
  const { clock, replica } = fleet();
  const [one, other] = [replica(), replica()];
  await answerOf(one, issue('last', clock));
  clock.advance(3_600 * second - 20 * second);
  const [patient, gone] = [new AbortController(), new AbortController()];

  const answer = other.tokens.getToken(undefined, { signal: patient.signal });
  const givenUp = other.tokens.getToken(undefined, { signal: gone.signal });
  await settle();
  gone.abort(new Error('gone'));
  other.source.last().reject(new Error('away'));

  await expect(givenUp).rejects.toThrow('gone');
  expect((await answer).value).toBe('last');
});

test('takes the lease of a replica that died when it expires, long before the deadline [D11]', async () => {
  const { clock, store, replica, pass } = fleet();
  const other = replica();
  // A replica that was killed: it neither extends nor releases its lease.
  const never = sharing({
    store,
    identity: ['orders'],
    clock: { ...clock, sleep: () => new Promise(() => {}) },
  });
  void never(manualSource()).getToken();
  await settle();

  const answer = other.tokens.getToken();
  await pass(4 * second);
  expect(other.source.calls).toEqual([]);
  await pass(1.2 * second);
  other.source.last().resolve(issue('b', clock));

  expect((await answer).value).toBe('b');
});

test('sends a grant without the lease after two thirds of the deadline [D11]', async () => {
  const { clock, replica, pass } = fleet();
  const [one, other] = [replica(), replica()];
  void one.tokens.getToken();
  await settle();

  const answer = other.tokens.getToken();
  await pass(9.5 * second);
  expect(other.source.calls).toEqual([]);
  await pass(1 * second);
  other.source.last().resolve(issue('b', clock));

  expect((await answer).value).toBe('b');
});

/** A store whose lease is free after `triesBefore` attempts, and the calls that concern leases. */
function leasing(clock: FakeClock, { triesBefore = 0, get }: { triesBefore?: number; get?: TokenStore['get'] } = {}) {
  const heard: [string, number?][] = [];
  let tries = 0;
  const store: TokenStore = {
    ...memoryStore({ clock }),
    ...(get && { get }),
    async lease(_key, leaseMs) {
      heard.push(['lease', leaseMs]);
      tries += 1;
      if (tries <= triesBefore) return undefined;
      return {
        extend: async (ms) => void heard.push(['extend', ms]),
        release: async () => void heard.push(['release']),
      };
    },
  };
  return { store, heard };
}

test.each([
  { deadlineMs: undefined, leaseMs: 5_000 },
  { deadlineMs: 30_000, leaseMs: 5_000 },
  { deadlineMs: 3_000, leaseMs: 1_000 },
])('takes a lease of $leaseMs ms when the deadline is $deadlineMs [D11]', async ({ deadlineMs, leaseMs }) => {
  const clock = fakeClock();
  const { store, heard } = leasing(clock);

  await answerOf(fleet({ store, clock, deadlineMs }).replica(), issue('a', clock));

  expect(heard).toEqual([['lease', leaseMs], ['release']]);
});

test('extends its lease until the deadline [D11]', async () => {
  const clock = fakeClock();
  const { store, heard } = leasing(clock);
  const { replica, pass } = fleet({ store, clock, deadlineMs: 9 * second });

  void replica().tokens.getToken();
  await settle();
  await pass(20 * second);

  expect(heard).toEqual([['lease', 3 * second], ...Array.from({ length: 8 }, () => ['extend', 3 * second])]);
});

test('releases its lease after the grant, and extends it no more [D11]', async () => {
  const clock = fakeClock();
  const { store, heard } = leasing(clock);
  const { replica, pass } = fleet({ store, clock });

  await answerOf(replica(), issue('a', clock));
  await pass(5 * second);

  expect(heard).toEqual([['lease', 5 * second], ['release']]);
  expect(clock.asleep()).toBe(0);
});

test('polls less often the longer it waits [D5]', async () => {
  const clock = fakeClock();
  const { store } = leasing(clock, { triesBefore: Infinity });
  const { replica, pass } = fleet({ store, clock, random: () => 0.5 });

  void replica().tokens.getToken();
  await settle();
  for (let count = 0; count < 5; count += 1) await pass(100);

  expect(clock.sleeps.slice(0, 5)).toEqual([15, 30, 60, 75, 75]);
});

test('sets no deadline for a grant without a wait before it [A24]', async () => {
  const { replica } = fleet();
  const one = replica();

  void one.tokens.getToken();
  await settle();

  expect(one.source.last().options?.signal).toBeUndefined();
});

// The first wait takes 15 ms. Waits end after two thirds of the deadline.
test.each([
  { deadlineMs: 30, triesBefore: 1, waits: [15], leftMs: 15 },
  { deadlineMs: 22.5, triesBefore: Infinity, waits: [15], leftMs: 7.5 },
  { deadlineMs: 24, triesBefore: Infinity, waits: [15, 30], leftMs: 8 },
])(
  'leaves $leftMs of $deadlineMs ms for the grant after waits of $waits ms [A24]',
  async ({ deadlineMs, triesBefore, waits, leftMs }) => {
    const clock = fakeClock();
    const { store } = leasing(clock, { triesBefore });
    const one = fleet({ store, clock, deadlineMs }).replica();

    void one.tokens.getToken();
    for (const wait of waits) {
      await settle();
      clock.advance(wait);
    }
    await settle();
    const { signal } = one.source.last().options ?? {};
    if (signal?.aborted === false) await once(signal, 'abort');

    expect(clock.sleeps.slice(0, waits.length)).toEqual(waits);
    expect(signal?.reason).toMatchObject({ name: 'TimeoutError', message: `no response within ${leftMs} ms` });
    one.source.last().resolve(issue('a', clock));
  },
);

test('ends a grant after a wait at the deadline [A24 B6]', async () => {
  const { replica, pass } = fleet({ deadlineMs: 300 });
  const [one, other] = [replica(), replica()];
  void one.tokens.getToken();
  await settle();

  const answer = other.tokens.getToken();
  await pass(300);
  const signal = other.source.last().options?.signal;
  expect(signal?.aborted).toBe(false);
  await new Promise((resolve) => signal?.addEventListener('abort', resolve));
  other.source.last().reject(signal?.reason as Error);

  await expect(answer).rejects.toMatchObject({ name: 'TimeoutError' });
});

test('reads the store again once it has the lease [D4]', async () => {
  const clock = fakeClock();
  const memory = memoryStore({ clock });
  const { replica } = fleet({ store: memory, clock });
  const one = replica();
  // The first read is a moment too early.
  let looks = 0;
  const other = replica({
    store: {
      ...memory,
      get: async (key) => {
        looks += 1;
        return looks === 1 ? undefined : memory.get(key);
      },
    },
  });
  await answerOf(one, issue('a', clock));

  const { value } = await other.tokens.getToken();

  expect(value).toBe('a');
  expect(other.source.calls).toEqual([]);
});

test.each([
  ['expires at that moment', 0],
  ['has expired', -1],
])('does not return a token from the store that %s when it has the lease [A3 C6]', async (_name, remainingMs) => {
  const clock = fakeClock();
  const old = issue('old', clock, 10 * second);
  clock.advance(10 * second - remainingMs);
  let looks = 0;
  const get = async (key: string) => ((looks += 1) === 1 ? undefined : toStored(key, old));
  const one = fleet({ store: leasing(clock, { get }).store, clock }).replica();

  expect((await answerOf(one, issue('new', clock))).value).toBe('new');
});

test('releases the lease at once when the grant fails', async () => {
  const { clock, replica, pass } = fleet();
  const [one, other] = [replica(), replica()];
  const failing = one.tokens.getToken();
  await settle();

  const answer = other.tokens.getToken();
  one.source.last().reject(new Error('away'));
  await expect(failing).rejects.toThrow('away');
  await pass(200);
  other.source.last().resolve(issue('b', clock));

  expect((await answer).value).toBe('b');
});

test('ends the wait of a caller that gives up, and releases its lease [B6]', async () => {
  const { clock, replica, pass } = fleet();
  const [one, two, three] = [replica(), replica(), replica()];
  const [holder, waiter] = [new AbortController(), new AbortController()];

  const first = one.tokens.getToken(undefined, { signal: holder.signal });
  await settle();
  const answers = [two.tokens.getToken(undefined, { signal: waiter.signal }), three.tokens.getToken()];
  await settle();
  waiter.abort(new Error('gone'));
  await expect(answers[0]).rejects.toThrow('gone');
  holder.abort(new Error('gone, too'));
  one.source.last().reject(new Error('gone, too'));
  await expect(first).rejects.toThrow('gone, too');
  await pass(200);
  three.source.last().resolve(issue('c', clock));

  expect((await answers[1])?.value).toBe('c');
  expect(two.source.calls).toEqual([]);
});

const newKeyPair = () =>
  webcrypto.subtle.generateKey({ name: 'ECDSA', namedCurve: 'P-256' }, false, ['sign', 'verify']);

test('shares DPoP tokens between replicas with the same key, and restores the key [F7]', async () => {
  const { clock, replica } = fleet();
  const [keyPair, otherKeyPair] = [await newKeyPair(), await newKeyPair()];
  const [one, same] = [0, 1].map(() => replica({ senderConstraint: async () => ({ keyPair, thumbprint: 'a' }) }));
  const other = replica({ senderConstraint: async () => ({ keyPair: otherKeyPair, thumbprint: 'b' }) });
  const { issuedAt, expiresAt } = issue('', clock);
  await answerOf(one!, new AccessToken({ value: 'bound', type: 'DPoP', keyPair, issuedAt, expiresAt }));

  const taken = await same!.tokens.getToken();
  void other.tokens.getToken();
  await settle();

  expect(taken).toMatchObject({ value: 'bound', type: 'DPoP', keyPair });
  expect(other.source.calls).toHaveLength(1);
});

test('restores no key for a Bearer token [F7]', async () => {
  const { clock, replica } = fleet();
  const keyPair = await newKeyPair();
  const [one, same] = [0, 1].map(() => replica({ senderConstraint: async () => ({ keyPair, thumbprint: 'a' }) }));
  await answerOf(one!, issue('a', clock));

  const taken = await same!.tokens.getToken();

  expect(taken).toMatchObject({ value: 'a', type: 'Bearer' });
  expect(taken.keyPair).toBeUndefined();
});

test('does not store a token of a key that changed during the grant [F7]', async () => {
  const { clock, replica } = fleet();
  const [old, keyPair] = [await newKeyPair(), await newKeyPair()];
  const [one, same] = [0, 1].map(() => replica({ senderConstraint: async () => ({ keyPair: old, thumbprint: 'a' }) }));
  const { issuedAt, expiresAt } = issue('', clock);
  await answerOf(one!, new AccessToken({ value: 'bound', type: 'DPoP', keyPair, issuedAt, expiresAt }));

  void same!.tokens.getToken();
  await settle();

  expect(same!.source.calls).toHaveLength(1);
});

test('shares certificate-bound tokens between replicas with the same certificate [F8 R-51]', async () => {
  const { clock, replica } = fleet();
  const presenting = (binding: string) =>
    replica({ senderConstraint: async () => ({ certificateThumbprint: binding }) });
  const [one, same, other] = [presenting('a'), presenting('a'), presenting('b')];
  const { issuedAt, expiresAt } = issue('', clock);
  await answerOf(one, new AccessToken({ value: 'bound', certificateThumbprint: 'a', issuedAt, expiresAt }));

  const taken = await same.tokens.getToken();
  void other.tokens.getToken();
  await settle();

  expect(taken).toMatchObject({ value: 'bound', certificateThumbprint: 'a' });
  expect(other.source.calls).toHaveLength(1);
});

test('shares tokens without a constraint between replicas with the same certificate [F8]', async () => {
  const { clock, replica } = fleet();
  const [one, same] = [0, 1].map(() => replica({ senderConstraint: async () => ({ certificateThumbprint: 'a' }) }));
  await answerOf(one!, issue('free', clock));

  expect((await same!.tokens.getToken()).value).toBe('free');
});

test('does not store a token of a certificate that changed during the grant [F8]', async () => {
  const { clock, replica } = fleet();
  const [one, same] = [0, 1].map(() => replica({ senderConstraint: async () => ({ certificateThumbprint: 'old' }) }));
  const { issuedAt, expiresAt } = issue('', clock);
  await answerOf(one!, new AccessToken({ value: 'bound', certificateThumbprint: 'new', issuedAt, expiresAt }));

  void same!.tokens.getToken();
  await settle();

  expect(same!.source.calls).toHaveLength(1);
});

test('sends a grant of its own when the certificate or key cannot be read', async () => {
  const { clock, replica } = fleet();
  const one = replica({ senderConstraint: () => Promise.reject(new Error('no such file')) });

  const token = await answerOf(one, issue('own', clock));

  expect(token.value).toBe('own');
});

test('ends the wait of a caller that aborts while the certificate or key is read', async () => {
  const { replica } = fleet();
  const [one, caller] = [replica({ senderConstraint: () => new Promise(() => undefined) }), new AbortController()];
  const answer = one.tokens.getToken(undefined, { signal: caller.signal });

  caller.abort(new Error('gone'));

  await expect(Promise.race([answer, settle()])).rejects.toThrow('gone');
});

test('needs another token after its key has changed [F7]', async () => {
  const { clock, replica } = fleet();
  let thumbprint = 'a';
  const one = replica({ senderConstraint: async () => ({ thumbprint }) });
  const request = canonicalRequest({ scope: 'read' });
  const ask = async (value: string) => {
    const answer = one.tokens.getToken(request);
    await settle();
    one.source.last().resolve(issue(value, clock));
    await settle();
    return (await answer).value;
  };

  const first = await ask('for a');
  thumbprint = 'b';
  const other = await ask('for b');

  expect([first, other]).toEqual(['for a', 'for b']);
});

test('does not store a DPoP token without a known key [R-70]', async () => {
  const { clock, replica } = fleet();
  const [one, other] = [replica(), replica()];
  const { issuedAt, expiresAt } = issue('', clock);
  await answerOf(one, new AccessToken({ value: 'a', type: 'DPoP', issuedAt, expiresAt }));

  void other.tokens.getToken();
  await settle();

  expect(other.source.calls).toHaveLength(1);
});

test('has one entry per identity and token request, under a key that reveals neither [D1 D2]', async () => {
  const clock = fakeClock();
  const keys: string[] = [];
  const memory = memoryStore({ clock });
  const store: TokenStore = {
    ...memory,
    set: (key, ...rest) => {
      keys.push(key);
      return memory.set(key, ...rest);
    },
  };
  const { replica } = fleet({ store, clock });
  const identities = [
    ['a', 'b'],
    ['a', 'c'],
    ['ab', ''],
    ['a', undefined, 'b'],
  ];

  for (const identity of identities) {
    const { tokens, source } = replica({ identity });
    for (const scope of ['x', 'x y']) {
      const answer = tokens.getToken({ scope });
      await settle();
      source.last().resolve(issue('token', clock));
      await answer;
    }
    // The order of scopes does not matter.
    await tokens.getToken({ scope: ['y', 'x'] });
  }

  expect(new Set(keys).size).toBe(2 * identities.length);
  expect(keys.filter((key) => !/^[\w-]{43}$/.test(key))).toEqual([]);
});

test('leaves an entry of a newer format alone, and sends a grant of its own [D9]', async () => {
  const clock = fakeClock();
  const newer = { version: 4, issuedAt: clock.now(), expiresAt: clock.now() + 60 * second, payload: 'unknown' };
  const changes: string[] = [];
  const store: TokenStore = {
    get: async () => newer,
    set: async () => void changes.push('set'),
    delete: async () => void changes.push('delete'),
    lease: async () => undefined,
  };
  const { replica } = fleet({ store, clock });
  const one = replica();

  const token = await answerOf(one, issue('a', clock));

  expect(token.value).toBe('a');
  expect(changes).toEqual([]);
});

test('does not return an entry of a newer format that appears during the wait [D9]', async () => {
  const clock = fakeClock();
  const newer: StoredToken = { version: 4, issuedAt: clock.now(), expiresAt: clock.now() + 1, payload: 'unknown' };
  let looks = 0;
  const get = async () => ((looks += 1) === 1 ? undefined : newer);
  const one = fleet({ store: leasing(clock, { get }).store, clock }).replica();

  const token = await answerOf(one, issue('a', clock));

  expect(token.value).toBe('a');
});

test('deletes an entry with impossible times, and stores a new token [D9]', async () => {
  const { clock, store, replica } = fleet();
  const [one, other] = [replica(), replica()];
  await answerOf(one, issue('a', clock));
  // By the clock of the reader, the token is issued in two minutes.
  clock.step(-120 * second);

  const answer = other.tokens.getToken();
  await settle();
  other.source.last().resolve(issue('b', clock));
  await answer;
  await settle();

  expect((await replica().tokens.getToken()).value).toBe('b');
  expect(store).toBeDefined();
});

test('does not store a token that has expired or never expires [A12]', async () => {
  const clock = fakeClock();
  const memory = memoryStore({ clock });
  const ttls: number[] = [];
  const store: TokenStore = {
    ...memory,
    set: async (key, token, ttlMs) => {
      ttls.push(ttlMs);
      await memory.set(key, token, ttlMs);
    },
  };
  const { replica } = fleet({ store, clock });
  for (const lifetimeMs of [-1, 0, Infinity]) {
    const [one, other] = [replica(), replica()];
    await answerOf(one, issue('a', clock, lifetimeMs));

    const failing = other.tokens.getToken();
    await settle();

    expect(other.source.calls).toHaveLength(1);
    other.source.last().reject(new Error('away'));
    await expect(failing).rejects.toThrow('away');
  }
  expect(ttls).toEqual([]);

  await answerOf(replica(), issue('a', clock, 1));
  expect(ttls).toEqual([1]);
});

test('sends a grant for each replica while the store fails [D8]', async () => {
  const clock = fakeClock();
  const down = () => Promise.reject(new Error('down'));
  const { replica, events } = fleet({ store: { get: down, set: down, delete: down, lease: down }, clock });
  const [one, other] = [replica(), replica()];

  const answers = [await answerOf(one, issue('a', clock)), await answerOf(other, issue('b', clock))];

  expect(answers.map(({ value }) => value)).toEqual(['a', 'b']);
  expect(events).toEqual(
    [1, 2].map(() => ({ type: 'store.failed', operation: 'get', failure: 'Error', retryAfterMs: 5_000 })),
  );
});

test('sends a grant at once when the lease fails [D8]', async () => {
  const clock = fakeClock();
  const store = { ...memoryStore({ clock }), lease: () => Promise.reject(new Error('READONLY no writes')) };
  const { replica, events } = fleet({ store, clock });

  const token = await answerOf(replica(), issue('a', clock));

  expect(token.value).toBe('a');
  expect(events).toMatchObject([{ operation: 'lease', failure: 'Error READONLY' }]);
});

test.each([
  ['null', null],
  ['a string', 'x'],
  ['an object without members', {}],
  ['an object without a payload', { version: 1, issuedAt: 1, expiresAt: 2 }],
])('sends a grant when a store returns %s [D9]', async (_what, found) => {
  const clock = fakeClock();
  const store = { ...memoryStore({ clock }), get: async () => found as never };
  const { replica } = fleet({ store, clock });

  const token = await answerOf(replica(), issue('a', clock));

  expect(token.value).toBe('a');
});

/** A replica that starts and finds a token with twenty seconds left; its grant hangs. */
async function startingInMandatoryWindow({ lease }: Partial<TokenStore> = {}) {
  const { clock, store, replica } = fleet();
  const one = replica();
  const token = await answerOf(one, issue('last', clock));
  clock.advance(3_600 * second - 20 * second);
  const cold = replica({ store: { ...store, ...(lease && { lease }) } });
  return { clock, token, cold, other: replica(), ask: () => cold.tokens.getToken() };
}

test('returns the stored token before it expires when its renewal hangs [A24]', async () => {
  const { clock, ask } = await startingInMandatoryWindow();

  const answer = ask();
  await settle();
  clock.advance(10 * second);

  expect((await answer).value).toBe('last');
});

test('returns the stored token if the renewed one has expired on arrival [A15]', async () => {
  const { clock, cold, ask } = await startingInMandatoryWindow();
  const answer = ask();
  await settle();

  cold.source.last().resolve(issue('expired', clock, 0));

  expect((await answer).value).toBe('last');
});

test('completes a renewal after the caller has the stored token, and stores the new one [A24 D7]', async () => {
  const { clock, cold, other, ask } = await startingInMandatoryWindow();
  const answer = ask();
  await settle();
  clock.advance(10 * second);
  await answer;

  cold.source.last().resolve(issue('new', clock));
  await settle();

  expect((await other.tokens.getToken()).value).toBe('new');
  expect(other.source.calls).toEqual([]);
});

/** A replica that has the stored token, while its renewal goes on without the lease. */
async function renewingWithoutLease() {
  const world = await startingInMandatoryWindow({ lease: () => Promise.reject(new Error('READONLY no writes')) });
  const answer = world.ask();
  await settle();
  world.clock.advance(10 * second);
  return { ...world, replacing: await answer };
}

test('sends no second grant beside a renewal that goes on without the lease [D3 D8 A24]', async () => {
  const { clock, cold, replacing } = await renewingWithoutLease();

  const answers = [1, 2].map(() => cold.tokens.getToken(undefined, { replacing }));
  await settle();
  const calls = cold.source.calls.length;
  cold.source.last().resolve(issue('new', clock));

  expect((await Promise.all(answers)).map(({ value }) => value)).toEqual(['new', 'new']);
  expect(calls).toBe(1);
});

test.each<[string, (cold: Replica, clock: FakeClock) => void]>([
  ['fails', ({ source }) => source.last().reject(new Error('down'))],
  [
    'returns a token that is not usable for the call',
    ({ source }, clock) => source.last().resolve(issue('last', clock)),
  ],
])('sends a grant of its own when a renewal without the lease %s [D8]', async (_how, end) => {
  const { clock, cold, replacing } = await renewingWithoutLease();

  const answer = cold.tokens.getToken(undefined, { replacing });
  await settle();
  end(cold, clock);
  await settle();
  cold.source.last().resolve(issue('new', clock));

  expect((await answer).value).toBe('new');
  expect(cold.source.calls).toHaveLength(2);
});

test('a caller that gives up does not end a renewal without the lease [B6 D8]', async () => {
  const { clock, cold, replacing } = await renewingWithoutLease();
  const caller = new AbortController();

  const hasty = cold.tokens.getToken(undefined, { replacing, signal: caller.signal });
  const patient = cold.tokens.getToken(undefined, { replacing });
  await settle();
  caller.abort(new Error('gone'));
  await expect(hasty).rejects.toThrow('gone');
  cold.source.last().resolve(issue('new', clock));

  expect((await patient).value).toBe('new');
  expect(cold.source.calls).toHaveLength(1);
});

test('waits for a slow renewal when the stored token is not usable for the call [A24]', async () => {
  const { clock, cold, token } = await startingInMandatoryWindow();

  const answers = [
    cold.tokens.getToken(undefined, { replacing: token }),
    cold.tokens.getToken(undefined, { minValidityMs: 60 * second }),
  ];
  await settle();
  clock.advance(10 * second);
  await settle();
  for (const call of cold.source.calls) call.resolve(issue('new', clock));
  clock.advance(100);
  await settle();

  expect((await Promise.all(answers)).map(({ value }) => value)).toEqual(['new', 'new']);
});

test.each([
  ['are never returned', () => new Promise<never>(() => {})],
  [
    'cannot be read',
    () => {
      throw new Error('a bug');
    },
  ],
])('sends a grant of its own when the certificate and key %s [B6]', async (_what, binding) => {
  const clock = fakeClock();
  const shared = sharing({
    store: memoryStore({ clock }),
    identity: [],
    senderConstraint: binding,
    deadlineMs: 30,
    clock,
  });

  const { value } = await shared({ getToken: async () => issue('own', clock) }).getToken();

  expect(value).toBe('own');
});

test('takes the refresh window from the options, and draws no random number on a hit [C5]', async () => {
  const clock = fakeClock();
  let draws = 0;
  const random = () => (draws += 1);
  const { replica } = fleet({ clock, refresh: { capMs: 10 * second }, random });
  const [one, other] = [replica(), replica()];
  await answerOf(one, issue('a', clock));
  clock.advance(3_600 * second - 20 * second);

  const { value } = await other.tokens.getToken();

  expect(value).toBe('a');
  expect(other.source.calls).toEqual([]);
  expect(draws).toBe(0);
});
