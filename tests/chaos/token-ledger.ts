import { performance } from 'node:perf_hooks';

/** The records of a token, with monotonic times. */
export interface LedgerEntry {
  readonly number: number;
  readonly value: string;
  readonly lifetimeMs: number;
  readonly issuedAt: number;
  /** When the client received the token; `undefined` if it has not. */
  readonly receivedAt: number | undefined;
  /** Once the client has the token: the time that the client computes, from before its token request. */
  readonly expiresAt: number;
  readonly revokedAt: number | undefined;
}

/** The records of the tokens of a run. Those that have expired long ago are dropped, so that the memory is bounded. */
export interface TokenLedger {
  readonly issued: number;
  readonly received: number;
  /** The number of tokens that were received before their predecessor expired or was revoked. */
  readonly renewals: number;
  issue(lifetimeMs: number): LedgerEntry;
  find(value: string): LedgerEntry | undefined;
  /** Records that the client has received the token now. Its token request began `agoMs` ago. */
  receive(number: number, agoMs: number): void;
  /** Revokes this token and all older ones. */
  revokeUpTo(number: number): void;
  /** Revokes all tokens. While it is set to `true`, new tokens are revoked at once. */
  rejectAll(isRejecting: boolean): void;
  /** A token that the client received before `from` and that has neither expired nor been revoked. */
  heldSince(from: number): LedgerEntry | undefined;
}

/** An empty ledger. */
export function tokenLedger(): TokenLedger {
  const entries = new Map<number, { -readonly [Member in keyof LedgerEntry]: LedgerEntry[Member] }>();
  let issued = 0;
  let received = 0;
  let renewals = 0;
  let revoked = 0;
  let isRejecting = false;
  let longestMs = 0;

  function revokeUpTo(number: number): void {
    const now = performance.now();
    for (; revoked < number; revoked += 1) {
      const entry = entries.get(revoked + 1);
      if (entry) entry.revokedAt ??= now;
    }
  }

  function heldSince(from: number): LedgerEntry | undefined {
    const now = performance.now();
    for (let number = issued; number > 0; number -= 1) {
      const entry = entries.get(number);
      if (entry === undefined || entry.issuedAt < now - longestMs) return undefined;
      const isThere = entry.receivedAt !== undefined && entry.receivedAt < from;
      if (isThere && entry.expiresAt > now && entry.revokedAt === undefined) return entry;
    }
    return undefined;
  }

  function dropOld(now: number): void {
    for (const { number, issuedAt } of entries.values()) {
      if (issuedAt > now - 5 * longestMs) return;
      entries.delete(number);
    }
  }

  return {
    get issued() {
      return issued;
    },
    get received() {
      return received;
    },
    get renewals() {
      return renewals;
    },
    issue(lifetimeMs) {
      issued += 1;
      const number = issued;
      const issuedAt = performance.now();
      const entry = {
        number,
        value: `token-${number}`,
        lifetimeMs,
        issuedAt,
        receivedAt: undefined,
        expiresAt: issuedAt + lifetimeMs,
        revokedAt: isRejecting ? issuedAt : undefined,
      };
      entries.set(number, entry);
      longestMs = Math.max(longestMs, lifetimeMs);
      dropOld(issuedAt);
      return entry;
    },
    find: (value) => entries.get(Number(/^token-(\d+)$/.exec(value)?.[1])),
    receive(number, agoMs) {
      const entry = entries.get(number);
      if (entry === undefined) throw new Error(`token ${number} was never issued, or expired long ago`);
      const now = performance.now();
      received += 1;
      if (heldSince(now) !== undefined) renewals += 1;
      entry.receivedAt = now;
      entry.expiresAt = now - agoMs + entry.lifetimeMs;
    },
    revokeUpTo,
    rejectAll(reject) {
      isRejecting = reject;
      revokeUpTo(issued);
    },
    heldSince,
  };
}
