import { performance } from 'node:perf_hooks';

/** A token, as the authorization server, the client and the API know it; times are of the monotonic clock. */
export interface LedgerEntry {
  readonly number: number;
  readonly value: string;
  readonly lifetimeMs: number;
  readonly issuedAt: number;
  /** When the client had it; `undefined` for one that got lost on the way. */
  readonly receivedAt: number | undefined;
  /** By the client's reckoning, which begins before it asks, once it has the token. */
  readonly expiresAt: number;
  readonly revokedAt: number | undefined;
}

/** All tokens of a run: who knows what, and since when. */
export interface TokenLedger {
  readonly issued: number;
  readonly received: number;
  /** Tokens that were received while the one before was neither expired nor revoked. */
  readonly renewals: number;
  issue(lifetimeMs: number): LedgerEntry;
  find(value: string): LedgerEntry | undefined;
  /** The client has the token since now; it began to ask for it `agoMs` ago. */
  receive(number: number, agoMs: number): void;
  /** The API rejects all tokens up to this number from now on: what is older than a revoked token is revoked, too. */
  revokeUpTo(number: number): void;
  /** While this is so the API rejects all tokens, and will go on rejecting those that were issued meanwhile. */
  rejectAll(isRejecting: boolean): void;
  /** A token that the client has had since `from`, that has not expired yet and that the API has not revoked. */
  heldSince(from: number): LedgerEntry | undefined;
}

/** An empty ledger. */
export function tokenLedger(): TokenLedger {
  const entries: { -readonly [Member in keyof LedgerEntry]: LedgerEntry[Member] }[] = [];
  const byValue = new Map<string, LedgerEntry>();
  let received = 0;
  let renewals = 0;
  let revoked = 0;
  let isRejecting = false;
  let longestMs = 0;

  function revokeUpTo(number: number): void {
    const now = performance.now();
    for (; revoked < number; revoked += 1) {
      const entry = entries[revoked];
      if (entry) entry.revokedAt ??= now;
    }
  }

  function heldSince(from: number): LedgerEntry | undefined {
    const now = performance.now();
    for (let at = entries.length - 1; at >= 0; at -= 1) {
      const entry = entries[at] as LedgerEntry;
      if (entry.issuedAt < now - longestMs) return undefined;
      const isThere = entry.receivedAt !== undefined && entry.receivedAt < from;
      if (isThere && entry.expiresAt > now && entry.revokedAt === undefined) return entry;
    }
    return undefined;
  }

  return {
    get issued() {
      return entries.length;
    },
    get received() {
      return received;
    },
    get renewals() {
      return renewals;
    },
    issue(lifetimeMs) {
      const number = entries.length + 1;
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
      entries.push(entry);
      byValue.set(entry.value, entry);
      longestMs = Math.max(longestMs, lifetimeMs);
      return entry;
    },
    find: (value) => byValue.get(value),
    receive(number, agoMs) {
      const entry = entries[number - 1];
      if (entry === undefined) throw new Error(`token ${number} was never issued`);
      const now = performance.now();
      received += 1;
      if (heldSince(now) !== undefined) renewals += 1;
      entry.receivedAt = now;
      entry.expiresAt = now - agoMs + entry.lifetimeMs;
    },
    revokeUpTo,
    rejectAll(reject) {
      isRejecting = reject;
      revokeUpTo(entries.length);
    },
    heldSince,
  };
}
