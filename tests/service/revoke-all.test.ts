import { describe, expect, test } from '@jest/globals';

import { systemClock } from '../../src/core/clock.js';
import type { TokenEvent } from '../../src/core/events.js';
import { canonicalRequest } from '../../src/core/token-request.js';
import { tokenExchange } from '../../src/grant/token-exchange.js';
import { revokeAll } from '../../src/service/revoke-all.js';
import { createTokenService } from '../../src/service/token-service.js';
import { memoryStore } from '../../src/stores/memory.js';
import { entriesOf, type SharedEntries, sharedTokens } from '../../src/stores/shared-tokens.js';
import { startAuthorizationServer } from '../support/authorization-server.js';
import { secret } from '../support/grant-outcome.js';
import { type Handler, type RecordedRequest, startHttpServer } from '../support/http-server.js';
import { plainStore } from '../support/plain-store.js';
import { issue, settle } from '../support/tokens.js';
import { collectNotable } from '../support/events.js';

const tokenIn = ({ body }: RecordedRequest): string => new URLSearchParams(body).get('token') ?? '';

/** A token service that holds so many tokens, `token-1` and so on, and a revocation endpoint that answers like this. */
async function holding(count: number, answer: Handler) {
  const revocations = await startHttpServer(answer);
  const server = await startAuthorizationServer();
  const events: TokenEvent[] = [];
  const tokens = createTokenService({
    tokenEndpoint: server.tokenEndpoint,
    revocationEndpoint: `${revocations.origin}/revoke`,
    clientId: 'orders',
    clientSecret: secret,
    onEvent: (event) => void (event.type === 'grant.succeeded' || collectNotable(events)(event)),
  });
  for (let index = 1; index <= count; index += 1) await tokens.getToken({ scope: `scope-${index}` });
  const revoked = () => revocations.requests.map(tokenIn);
  return { revoke: () => tokens.revoke(), revoked, events };
}

test('revokes each token once, and resolves to true [R-76]', async () => {
  const { revoke, revoked, events } = await holding(25, () => ({}));

  await expect(revoke()).resolves.toBe(true);

  const names = Array.from({ length: 25 }, (_, index) => `token-${index + 1}`);
  expect(revoked().toSorted()).toEqual(names.toSorted());
  expect(events).toEqual([]);
});

test('resolves to true without tokens [F9]', async () => {
  const { revoke, revoked } = await holding(0, () => ({ status: 503 }));

  await expect(revoke()).resolves.toBe(true);

  expect(revoked()).toEqual([]);
});

test('does not reject if the server is not available; an event reports the error [F9 R-77]', async () => {
  const { revoke, events } = await holding(3, (request) => ({ status: tokenIn(request) === 'token-2' ? 200 : 503 }));

  await expect(revoke()).resolves.toBe(false);

  expect(events).toMatchObject([
    { type: 'revocation.failed', tokens: 2, error: { code: 'ERR_GRANT_UNAVAILABLE', status: 503 } },
  ]);
});

test('revokes again what could not be revoked the last time [R-77]', async () => {
  let isDown = true;
  const { revoke, revoked } = await holding(2, (request) => ({
    status: isDown && tokenIn(request) === 'token-1' ? 503 : 200,
  }));

  const first = await revoke();
  isDown = false;
  const second = await revoke();

  expect([first, second]).toEqual([false, true]);
  expect(revoked().toSorted()).toEqual(['token-1', 'token-1', 'token-2']);
});

test('sends ten requests at a time [F9]', async () => {
  let [open, most] = [0, 0];
  let release: () => void = () => {};
  const tenAreOpen = new Promise<void>((resolve) => (release = resolve));
  const { revoke } = await holding(50, async () => {
    most = Math.max(most, (open += 1));
    if (open === 10) release();
    await tenAreOpen;
    await settle();
    open -= 1;
    return {};
  });

  await expect(revoke()).resolves.toBe(true);

  expect(most).toBe(10);
});

test('ends after two seconds, however many tokens there are [F9]', async () => {
  const { revoke, revoked, events } = await holding(100, () => undefined);
  const began = performance.now();

  const outcome = await revoke();

  expect(outcome).toBe(false);
  expect(performance.now() - began).toBeLessThan(3_000);
  expect(revoked()).toHaveLength(10);
  expect(events).toMatchObject([{ type: 'revocation.failed', tokens: 100 }]);
});

test('revokes the token of a user that no replica can have, although the service has a store [D24]', async () => {
  const [server, revocations] = [await startAuthorizationServer(), await startHttpServer(() => ({}))];
  const tokens = createTokenService({
    tokenEndpoint: server.tokenEndpoint,
    revocationEndpoint: `${revocations.origin}/revoke`,
    clientId: 'orders',
    clientSecret: secret,
    grant: tokenExchange({ subjectToken: () => 'the-service', subjectTokenType: 'access_token' }),
    store: plainStore(memoryStore()),
  });
  await tokens.getToken();
  const ofUser = await tokens.getToken({ subjectToken: 'a-user' });

  await expect(tokens.revoke()).resolves.toBe(true);

  expect(revocations.requests.map(tokenIn)).toEqual([ofUser.value]);
});

test('leaves a shared token alone, also after it could not be revoked [D24]', async () => {
  const server = await startAuthorizationServer();
  const revocations = await startHttpServer(() => ({ status: 503 }));
  const tokens = createTokenService({
    tokenEndpoint: server.tokenEndpoint,
    revocationEndpoint: `${revocations.origin}/revoke`,
    clientId: 'orders',
    clientSecret: secret,
    store: memoryStore(),
  });
  await tokens.getToken();
  const withShared = await tokens.revoke({ shared: true });
  const before = revocations.requests.length;

  expect([withShared, await tokens.revoke()]).toEqual([false, true]);

  expect(revocations.requests).toHaveLength(before);
});

describe('with a shared store, it ends after two seconds [D24 F9]', () => {
  const never = (): Promise<never> => new Promise(() => undefined);

  /** The revocation of one token that replicas share. */
  function sharing(senderConstraint: () => Promise<object>, entries: Partial<SharedEntries> = {}) {
    const events: TokenEvent[] = [];
    const drained = [{ request: canonicalRequest(), token: issue('token-1', systemClock) }];
    const shared = entriesOf(sharedTokens({ store: memoryStore(), identity: ['orders'], senderConstraint }));
    const revoke = revokeAll({
      cache: { drain: () => drained.splice(0) },
      grants: { revoke: async () => undefined },
      shared: { ...shared, ...entries },
      onEvent: (event) => void events.push(event),
    });
    return { revoke, events };
  }

  test.each([
    ['the certificate cannot be read', sharing(never)],
    ['a write does not end', sharing(async () => ({}), { flush: never })],
  ])('although %s: the token is not revoked, and an event reports it', async (_what, { revoke, events }) => {
    const began = performance.now();

    expect(await revoke({ shared: true })).toBe(false);

    expect(performance.now() - began).toBeLessThan(3_000);
    expect(events).toMatchObject([{ type: 'revocation.failed', tokens: 1, error: { code: 'ERR_GRANT_UNAVAILABLE' } }]);
  });

  test('although a write does not end: the token of the other replicas stays valid', async () => {
    const { revoke, events } = sharing(async () => ({}), { flush: never });
    const began = performance.now();

    expect(await revoke()).toBe(true);

    expect(performance.now() - began).toBeLessThan(3_000);
    expect(events).toEqual([]);
  });
});
