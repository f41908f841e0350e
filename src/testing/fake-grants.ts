import { AccessToken } from '../core/access-token.js';
import { type Clock, elapsedMs, instant } from '../core/clock.js';
import type { TokenEvent } from '../core/events.js';
import { canonicalRequest } from '../core/token-request.js';
import type { GrantSource } from '../grant/grants.js';
import { errorOf, type TokenFailure } from './token-failure.js';

/** Options of {@link fakeGrants}. */
export interface FakeGrantsOptions {
  readonly tokens: readonly (string | AccessToken)[];
  readonly rejects: TokenFailure | undefined;
  readonly lifetimeMs: number;
  readonly clock: Clock;
  readonly onEvent: (event: TokenEvent) => void;
}

/** Grants without a server, and the commands of the test to it. */
export interface FakeGrants extends GrantSource {
  /** The values of the tokens so far. */
  readonly granted: readonly string[];
  fail(failure: TokenFailure | undefined, times: number): void;
  delay(ms: number): void;
  /** The longest remaining validity of the tokens, without those that never expire; 0 without tokens. */
  longestRemainingMs(): number;
  revokeGranted(): void;
  accepts(authorization: unknown): boolean;
}

/** Makes the innermost token source of a fake token service. */
export function fakeGrants({ tokens, rejects, lifetimeMs, clock, onEvent }: FakeGrantsOptions): FakeGrants {
  const waiting = [...tokens];
  const granted: string[] = [];
  const active = new Map<string, AccessToken>();
  let failure = rejects;
  let failuresLeft = Infinity;
  let delayMs = 0;

  /** Waits as long as a server would take, and fails if the test says so. */
  async function respond(signal: AbortSignal | undefined): Promise<void> {
    if (delayMs > 0) await clock.sleep(delayMs, signal);
    if (failure === undefined || failuresLeft <= 0) return;
    failuresLeft -= 1;
    throw errorOf(failure);
  }

  function issue(scope: string | undefined): AccessToken {
    const next = waiting.shift() ?? `token-${granted.length + 1}`;
    const issuedAt = clock.now();
    const fields = { scope, issuedAt, expiresAt: issuedAt + lifetimeMs };
    const token = typeof next === 'string' ? new AccessToken({ value: next, ...fields }) : next;
    granted.push(token.value);
    active.set(token.authorization, token);
    return token;
  }

  return {
    granted,
    async getToken(request, { reason, signal } = {}) {
      const { scope: requestedScope } = canonicalRequest(request);
      const began = instant(clock);
      const facts = () => ({ requestedScope, reason, attempt: 1, durationMs: elapsedMs(began, clock) });
      try {
        await respond(signal);
      } catch (error) {
        if (signal?.aborted !== true) onEvent({ type: 'grant.failed', ...facts(), error: error as never });
        throw error;
      }
      const token = issue(requestedScope);
      const lifetime = { scope: token.scope, lifetimeMs: token.expiresAt - token.issuedAt };
      onEvent({ type: 'grant.succeeded', ...facts(), ...lifetime, credential: undefined, clockSkewMs: 0 });
      return token;
    },
    async revoke(token, signal) {
      await respond(signal);
      active.delete(token.authorization);
    },
    state: () => ({ credential: undefined, clockSkewMs: 0 }),
    fail(next, times) {
      failure = next;
      failuresLeft = times;
    },
    delay(ms) {
      delayMs = ms;
    },
    longestRemainingMs() {
      const remaining = [...active.values()].map((token) => token.remainingMs(clock));
      return Math.max(0, ...remaining.filter(Number.isFinite));
    },
    revokeGranted: () => active.clear(),
    accepts(authorization) {
      const token = active.get(String(authorization));
      return token !== undefined && token.remainingMs(clock) > 0;
    },
  };
}
