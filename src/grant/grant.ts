import type { Instant } from '../core/clock.js';
import type { CredentialFacts, GrantReason } from '../core/events.js';
import type { BoundedResponse } from './http/bounded-fetch.js';
import type { PreparedGrant } from './prepare-request.js';

/** One grant: its parameters, and its context for events and errors. */
export interface Grant {
  readonly context: {
    readonly authorizationServer: string;
    readonly clientId: string | undefined;
    readonly requestedScope: string | undefined;
  };
  readonly reason: GrantReason | undefined;
  /** Counts the requests that were sent. */
  readonly attempts: { sent: number };
  readonly parameters: URLSearchParams;
  readonly signal: AbortSignal | undefined;
}

/** The facts about a failed grant. */
export interface FailedGrant {
  readonly grant: Grant;
  readonly began: Instant;
  /** Absent if the preparation has failed. */
  readonly prepared?: PreparedGrant;
  readonly response?: BoundedResponse | undefined;
  /** Number of requests that were sent. */
  readonly requests?: number;
  /** The environment variable that names a proxy, if Node.js ignored it. */
  readonly ignoredProxy?: string | undefined;
}

/** The facts of a successful grant that a snapshot of the token service shows. */
export interface GrantState {
  /** The credential that authenticated the grant. */
  readonly credential: CredentialFacts | undefined;
  /** How far the clock of the authorization server is ahead, in milliseconds; 0 for less than ten seconds. */
  readonly clockSkewMs: number;
}
