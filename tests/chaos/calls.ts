import { AsyncLocalStorage } from 'node:async_hooks';
import { performance } from 'node:perf_hooks';

import type { AxiosInstance } from 'axios';
import { isAxiosError } from 'axios';
import { TokenError, type TokenSource } from 'm2m-tokens';

import type { Violate } from './findings.js';
import type { Stalls } from './stalls.js';
import { type DurationRecorder, Tally } from './statistics.js';
import type { LedgerEntry, TokenLedger } from './token-ledger.js';

/** How a call ended. */
export interface Outcome {
  readonly isSuccess: boolean;
  /** The error of a failed call. */
  readonly error?: unknown;
}

/** Makes calls and checks each of them. */
export interface Calls {
  readonly made: number;
  readonly succeeded: number;
  readonly failures: Tally;
  readonly givenUp: number;
  /** Wraps the token service to measure how long callers wait for a token. */
  observe(tokens: TokenSource): TokenSource;
  /** The API calls this for each token that it receives; `undefined` stands for an unknown token. */
  readonly presented: (callId: string, token: LedgerEntry | undefined) => void;
  /** Makes one call with this instance. If `giveUpAfterMs` is given, the caller aborts after this time. */
  make(api: AxiosInstance, giveUpAfterMs?: number): Promise<Outcome>;
}

/** The records of a call in progress. */
interface Call {
  readonly id: number;
  handedOutAt: number;
  readonly presented: LedgerEntry[];
}

// A flight takes at most 15 s. A caller that joins a flight whose token is already rejected waits for a second flight.
const longestWaitMs = 30_500;
// The time between the client's check of the expiry and the record of the time at which the caller gets the token.
const handOutMs = 100;

/** Options of {@link calls}. */
export interface CallsOptions {
  readonly ledger: TokenLedger;
  readonly waits: DurationRecorder;
  readonly stalls: Stalls;
  readonly violate: Violate;
}

/** Creates an empty record of calls. */
export function calls({ ledger, waits, stalls, violate }: CallsOptions): Calls {
  const current = new AsyncLocalStorage<Call>();
  const underWay = new Map<string, Call>();
  const failures = new Tally();
  let [made, succeeded, givenUp] = [0, 0, 0];

  /** The kind of a failure; `undefined` if such a failure is not allowed. */
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
      if (token === undefined) return violate('an unknown token reached the API', `call ${callId}`);
      // The caller has aborted in the meantime.
      if (call === undefined) return;
      const lateMs = call.handedOutAt - token.expiresAt;
      if (lateMs > handOutMs && lateMs > handOutMs + stalls.recentMs()) {
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
