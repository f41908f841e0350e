import { setImmediate } from 'node:timers/promises';

import { AccessToken } from '../../src/core/access-token.js';
import type { Clock } from '../../src/core/clock.js';
import type { TokenRequest } from '../../src/core/token-request.js';
import type { GetTokenOptions, TokenSource } from '../../src/core/token-source.js';

/** A token that was issued just now. */
export function issue(value: string, clock: Clock, lifetimeMs = 3_600_000): AccessToken {
  const issuedAt = clock.now();
  return new AccessToken({ value, issuedAt, issuedAtMonotonic: clock.monotonic(), expiresAt: issuedAt + lifetimeMs });
}

/** One call of a source, waiting to be answered. */
export interface PendingCall {
  readonly request: TokenRequest | undefined;
  readonly options: GetTokenOptions | undefined;
  resolve(token: AccessToken): void;
  reject(error: Error): void;
}

/** A token source whose calls the test answers one by one. */
export interface ManualSource extends TokenSource {
  readonly calls: readonly PendingCall[];
  /** The call that was made last. */
  last(): PendingCall;
}

/** A token source that answers when, and what, the test says. */
export function manualSource(): ManualSource {
  const calls: PendingCall[] = [];
  return {
    calls,
    last() {
      const call = calls.at(-1);
      if (call === undefined) throw new Error('the source was not called yet');
      return call;
    },
    getToken: (request, options) =>
      new Promise((resolve, reject) => {
        calls.push({ request, options, resolve, reject });
      }),
  };
}

/** Lets everything happen that waits for nothing but promises: Node comes to the next turn when none of them is left. */
export const settle = (): Promise<void> => setImmediate();
