import type { EventSink, GrantReason } from '../core/events.js';

/** A grant with all of its attempts, when it begins. */
export interface ObservedGrant {
  readonly service: string;
  readonly authorizationServer: string;
  readonly clientId: string | undefined;
  /** The value of `grant_type`. */
  readonly grantType: string;
  readonly requestedScope: string | undefined;
  readonly reason: GrantReason | undefined;
  /** Whether callers get another token if the grant fails. */
  readonly hasFallback: boolean;
}

/** The result of a grant, without the token. */
export interface GrantResult {
  readonly scope: string | undefined;
  readonly expiresAt: number;
}

/** Observes one token service. If it throws or rejects, the result is a process warning. */
export interface Observer {
  /** Only one observer of each name can observe a token service. */
  readonly name: string;
  /** Called with each event of the service and of its adapters, before any other sink. */
  readonly onEvent: EventSink;
  /** Called around each grant. It calls `run` once, before it returns. Its own result is ignored. */
  aroundGrant(grant: ObservedGrant, run: () => Promise<GrantResult>): unknown;
}
