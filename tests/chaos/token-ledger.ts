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

/** The records of all tokens of a run. */
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
