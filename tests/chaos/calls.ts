import { AsyncLocalStorage } from 'node:async_hooks';
import { performance } from 'node:perf_hooks';

import type { AxiosInstance } from 'axios';
import { isAxiosError } from 'axios';
import { TokenError, type TokenSource } from 'm2m-tokens';

import type { Violate } from './findings.js';
import { type DurationRecorder, Tally } from './statistics.js';
import type { LedgerEntry, TokenLedger } from './token-ledger.js';

/** How a call ended. */
export interface Outcome {
  readonly isSuccess: boolean;
  /** What the caller got instead of a reply. */
  readonly error?: unknown;
}

/** Makes calls and watches each. */
export interface Calls {
  readonly made: number;
  readonly succeeded: number;
  readonly failures: Tally;
  readonly givenUp: number;
  /** What a call is measured at between its caller and the token service. */
  observe(tokens: TokenSource): TokenSource;
  /** To be told of every token that reaches the API. */
  readonly presented: (callId: string, token: LedgerEntry | undefined) => void;
  /** One call with this instance; its caller gives up after so many milliseconds, if that is said. */
  make(api: AxiosInstance, giveUpAfterMs?: number): Promise<Outcome>;
}

/** What is known of a call that is under way. */
interface Call {
  readonly id: number;
  handedOutAt: number;
  readonly presented: LedgerEntry[];
}

// Section 2: a flight takes 15 s at most, and a caller who joins one that comes back with a rejected token waits for another.
const longestWaitMs = 30_500;
// From the moment the client looks at its clock until the token is with the caller and that moment is written down.
const handOutMs = 100;

/** No calls so far. */
export function calls(ledger: TokenLedger, waits: DurationRecorder, violate: Violate): Calls {
  const current = new AsyncLocalStorage<Call>();
  const underWay = new Map<string, Call>();
  const failures = new Tally();
  let [made, succeeded, givenUp] = [0, 0, 0];

  /** Gives the kind of a failure, or nothing when it must not be. */
  function kindOf(error: unknown): string | undefined {
    if (error instanceof TokenError) return error.code;
    return isAxiosError(error) && error.response?.status === 401 ? '401' : undefined;
  }

  function failed(call: Call, began: number, error: unknown): void {
    const kind = kindOf(error);
    failures.add(kind ?? 'other');
    if (kind === undefined) {
      violate('a call failed with neither a TokenError nor a 401', String(error));
    }
    const held = ledger.heldSince(began);
    if (held !== undefined) {
      const token = `token ${held.number} was good for another ${Math.round(held.expiresAt - performance.now())} ms`;
      violate('a call failed although a valid token was there', `call ${call.id}, ${String(error)}: ${token}`);
    }
  }

  return {
    get made() {
      return made;
    },
    get succeeded() {
      return succeeded;
    },
    get givenUp() {
      return givenUp;
    },
    failures,
    observe: (tokens) => ({
      report: (event) => tokens.report?.(event) ?? event,
      async getToken(request, options) {
        const began = performance.now();
        try {
          const token = await tokens.getToken(request, options);
          const call = current.getStore();
          if (call) call.handedOutAt = performance.now();
          return token;
        } finally {
          const waitedMs = performance.now() - began;
          waits.record(waitedMs);
          if (waitedMs > longestWaitMs) violate('a caller waited too long for a token', `${Math.round(waitedMs)} ms`);
        }
      },
    }),
    presented(callId, token) {
      const call = underWay.get(callId);
      if (token === undefined) return violate('something else than a token reached the API', `call ${callId}`);
      // Its caller has given up since.
      if (call === undefined) return;
      const lateMs = call.handedOutAt - token.expiresAt;
      if (lateMs > handOutMs) {
        violate('an expired token reached the API', `token ${token.number}, ${Math.round(lateMs)} ms after its expiry`);
      }
      if (call.presented.includes(token)) violate('a rejected token was sent again', `call ${callId}`);
      call.presented.push(token);
      if (call.presented.length > 2) violate('a call was sent more than twice', `call ${callId}`);
    },
    async make(api, giveUpAfterMs) {
      made += 1;
      const call: Call = { id: made, handedOutAt: -Infinity, presented: [] };
      const began = performance.now();
      const giving = new AbortController();
      const timer = giveUpAfterMs === undefined ? undefined : setTimeout(() => giving.abort(), giveUpAfterMs);
      underWay.set(String(call.id), call);
      try {
        const method = call.id % 2 === 0 ? 'GET' : 'POST';
        const config = { url: '/orders', method, data: { id: call.id }, headers: { 'x-call': String(call.id) } };
        await current.run(call, () => api.request({ ...config, signal: giving.signal }));
        succeeded += 1;
        return { isSuccess: true };
      } catch (error) {
        if (giving.signal.aborted) givenUp += 1;
        else failed(call, began, error);
        return { isSuccess: false, error };
      } finally {
        clearTimeout(timer);
        underWay.delete(String(call.id));
      }
    },
  };
}
