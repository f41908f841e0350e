import { setImmediate } from 'node:timers/promises';

import { AccessToken } from '../../src/core/access-token.js';
import type { Clock } from '../../src/core/clock.js';
import type { TokenRequest } from '../../src/core/token-request.js';
import type { GetTokenOptions, TokenSource } from '../../src/core/token-source.js';

/** Makes a token that is issued now. */
export function issue(value: string, clock: Clock, lifetimeMs = 3_600_000): AccessToken {
  const issuedAt = clock.now();
  return new AccessToken({ value, issuedAt, issuedAtMonotonic: clock.monotonic(), expiresAt: issuedAt + lifetimeMs });
}

/** One pending call of a token source. */
export interface PendingCall {
  readonly request: TokenRequest | undefined;
  readonly options: GetTokenOptions | undefined;
  resolve(token: AccessToken): void;
  reject(error: Error): void;
}

/** A token source whose pending calls the test resolves or rejects. */
export interface ManualSource extends TokenSource {
  readonly calls: readonly PendingCall[];
  /** The last call. */
  last(): PendingCall;
}

/** Makes a token source whose pending calls the test resolves or rejects. */
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

/** Waits for the next turn of the event loop. Until then, the handlers of all settled promises have run. */
export const settle = (): Promise<void> => setImmediate();
