import type { AccessToken } from '../../src/core/access-token.js';
import { type Clock, elapsedMs, type Instant, instant } from '../../src/core/clock.js';
import { GrantRejectedError, TokenError } from '../../src/core/errors.js';
import type { TokenEvent } from '../../src/core/events.js';
import type { Post, Watcher } from './simulated-server.js';

/** One call of `getToken`. */
export interface Call {
  readonly scope: string;
  readonly replacing: AccessToken | undefined;
  readonly minValidityMs: number | undefined;
  readonly abort: AbortController | undefined;
  /** The monotonic time of the call. */
  readonly since: number;
  isOpen: boolean;
  /** Whether the call belongs to the current command. */
  isNew: boolean;
  /** The cached token at the time of the call, and its remaining lifetime then. */
  kept: Kept | undefined;
  keptRemainingMs: number;
  /** Whether the caller has aborted, and the grant that the call caused continues. */
  lingers: boolean;
}

/** The token that the cache should hold for a scope: the last one granted. */
interface Kept {
  readonly post: Post;
  /** The time at which the token was granted, or at which the last renewal returned no better one. */
  tried: Instant;
  /** Whether a renewal determined `tried`. */
  isRenewal: 'yes' | 'no' | 'maybe';
  readonly dueMs: number;
  readonly marginMs: number;
  readonly leastMs: number;
  hasExpired: boolean;
  /** Whether, since the grant or the last renewal, a caller rejected the token or needed a longer validity. */
  isWanted: boolean;
  renewalFailed: boolean;
}

/** One grant with its retries. */
interface Grant {
  readonly began: Instant;
  readonly renews: Kept | undefined;
  /** The ledger cannot tell whether this is a renewal: a call preceded the cached token, or a clock was set back. */
  readonly isDoubtful: boolean;
  posts: number;
  /** The permitted token requests: three, and one more for each change of the secret during the grant. */
  permitted: number;
  state: 'in flight' | 'failed' | 'waiting';
  last: Post | undefined;
}

/** The records of one scope. */
interface Line {
  readonly scope: string;
  /**
   * Whether a grant exceeded its deadline because the process was suspended. Its calls then start another grant at
   * once.
   */
  wasSuspended: boolean;
  readonly posts: Post[];
  kept: Kept | undefined;
  grant: Grant | undefined;
  /** Whether a call was made since the last grant began. */
  wasAsked: boolean;
  /** The expired tokens after which one attempt was made despite the backoff. */
  readonly letThroughFor: Set<string | undefined>;
  failure: { readonly kind: string; readonly count: number } | undefined;
  rest: { readonly since: Instant; readonly forMs: number; readonly secret: string | undefined } | undefined;
  /** The `retryAfterMs` of the last error, and its time. */
  told: { readonly since: Instant; readonly forMs: number; readonly secret: string } | undefined;
  /** A token of the current command that had expired on arrival. */
  expiredOnArrival: Post | undefined;
}

/** The state outside of the ledger that it reads. */
export interface Surroundings {
  readonly clock: Clock;
  readonly draw: () => number;
  readonly secret: () => string;
  readonly isAsleep: (scope: string) => boolean;
}

const second = 1_000;

/**
 * The model of a token service: checks each call and each token request against the specified behaviour. It does not
 * throw; `violations` lists the broken rules.
 */
export class Ledger implements Watcher {
  readonly calls: Call[] = [];
  readonly violations: string[] = [];
  readonly seen = new Map<string, number>();
  readonly #lines = new Map<string, Line>();
  #closings: { readonly since: Instant; readonly forMs: number }[] = [];
  readonly #around: Surroundings;

  constructor(around: Surroundings) {
    this.#around = around;
  }

  /** The time until the advisory refresh, the mandatory refresh or the expiry of the cached token of a scope. */
  untilMs(scope: string, moment: 'due' | 'margin' | 'expiry'): number | undefined {
    const { kept } = this.#line(scope);
    if (kept === undefined) return undefined;
    return this.#remainingMs(kept.post) - { due: kept.dueMs, margin: kept.marginMs, expiry: 0 }[moment];
  }

  /** Call this before each action for a scope. */
  begin(scope: string): void {
    this.#line(scope).expiredOnArrival = undefined;
  }

  /** Call this after each action, when only sleeps are pending. */
  end(scope: string): void {
    const line = this.#line(scope);
    const waits = this.#around.isAsleep(scope);
    if (line.grant === undefined && waits) this.#beginGrant(line, 'waiting');
    else if (line.grant !== undefined && line.grant.state !== 'in flight') {
      if (waits) line.grant.state = 'waiting';
      else this.#failed(line, line.grant.state === 'failed');
    }
    for (const call of this.calls) {
      if (call.scope !== scope) continue;
      if (line.grant === undefined) call.lingers = false;
      this.#checkWaiting(line, call);
    }
  }

  /** Call this after each change of the time. */
  timePassed(steppedMs = 0): void {
    // After a clock change, the service may consider a rate limit ended.
    if (steppedMs > 0) this.#closings = [];
    // Drops ended periods, so that a clock that is set back does not revive them.
    const isGoingOn = (span: { readonly since: Instant; readonly forMs: number } | undefined): boolean =>
      span !== undefined && elapsedMs(span.since, this.#around.clock) < span.forMs;
    this.#closings = this.#closings.filter(isGoingOn);
    for (const line of this.#lines.values()) {
      if (line.kept !== undefined && this.#remainingMs(line.kept.post) <= 0) line.kept.hasExpired = true;
      if (!isGoingOn(line.rest)) line.rest = undefined;
      if (!isGoingOn(line.told)) line.told = undefined;
    }
  }

  called(call: Call): void {
    const line = this.#line(call.scope);
    const { kept } = line;
    this.calls.push(call);
    if (call.abort?.signal.aborted) return;
    line.wasAsked = true;
    call.kept = kept;
    call.keptRemainingMs = kept === undefined ? 0 : this.#remainingMs(kept.post);
    if (kept === undefined) return;
    const isRejected = call.replacing?.value === kept.post.value;
    kept.isWanted ||= isRejected || call.keptRemainingMs <= (call.minValidityMs ?? 0);
  }

  answeredWith(call: Call, token: AccessToken): void {
    call.isOpen = false;
    const line = this.#line(call.scope);
    const post = line.posts.findLast(({ value, wall }) => value === token.value && wall === token.issuedAt);
    if (post?.lifetimeMs === undefined || token.expiresAt !== post.wall + post.lifetimeMs) {
      return this.#violated(`a caller for "${call.scope}" got a token that was never granted for it`);
    }
    if (this.#remainingMs(post) <= 0 && post !== line.expiredOnArrival) this.#violated('an expired token was returned');
    if (call.kept?.post === post && !call.kept.hasExpired) this.#checkWorth(call, call.kept);
  }

  failedWith(call: Call, error: unknown): void {
    call.isOpen = false;
    if (call.abort?.signal.aborted && error === call.abort.signal.reason) {
      call.lingers = true;
      return this.#count('aborted');
    }
    const line = this.#line(call.scope);
    if (!(error instanceof TokenError)) return this.#violated(`a caller got ${String(error)}`);
    this.#count(error.code);
    const { kept } = line;
    const isSpoilt = kept !== call.kept && kept?.post.value === call.replacing?.value;
    if (kept !== undefined && this.#isValid(kept) && !isSpoilt) {
      this.#violated(`a caller failed although there is a valid token: ${error.message}`);
    }
    if (line.failure?.kind !== kindOf(error.code, error instanceof GrantRejectedError ? error.error : undefined)) {
      line.failure = undefined;
    }
    const { retryAfterMs: forMs = 0 } = error;
    line.told = { since: instant(this.#around.clock), forMs, secret: this.#around.secret() };
  }

  readonly observe = (event: TokenEvent): void => {
    this.#count(event.type);
    if (event.type === 'grant.succeeded') this.#arrived(this.#line(event.requestedScope ?? ''));
    if (event.type !== 'renewal.failed') return;
    const scope = event.scope ?? '';
    const waiting = this.calls.filter((call) => call.isOpen && call.scope === scope).map(({ kept }) => kept);
    for (const kept of [...waiting, this.#line(scope).kept]) if (kept !== undefined) kept.renewalFailed = true;
  };

  posted(post: Post): void {
    this.#count('post');
    const { clock } = this.#around;
    const line = this.#line(post.scope);
    if (line.grant?.state === 'in flight') this.#violated(`two grants for "${post.scope}" are in flight`);
    const isSecretTriedAgain = line.grant?.state === 'failed' && this.#isSecretOld(line.grant.last);
    if (line.grant !== undefined && isSecretTriedAgain) line.grant.permitted += 1;
    else if (line.grant?.state === 'failed') this.#failed(line, true);
    // With a new secret, the attempt is part of a grant that began before the rate limit.
    if (!isSecretTriedAgain && this.#closings.some(({ since, forMs }) => elapsedMs(since, clock) < forMs)) {
      this.#violated('a grant was sent during a rate limit');
    }
    line.grant ??= this.#beginGrant(line, 'in flight');
    line.grant.state = 'in flight';
    line.grant.last = post;
    line.grant.posts += 1;
    line.posts.push(post);
    if (line.grant.posts > line.grant.permitted) this.#violated('a grant was tried more than three times');
  }

  answered(post: Post): void {
    const { grant } = this.#line(post.scope);
    const { answer } = post;
    if (answer === undefined || answer.kind === 'token' || grant === undefined) return;
    grant.state = 'failed';
    if (answer.kind !== 'outage') return;
    const forMs = (answer.retryAfterSeconds ?? (answer.status === 429 ? 5 : 0)) * second;
    this.#closings.push({ since: instant(this.#around.clock), forMs });
  }

  /** Call this when no sleep is pending. */
  finish(): void {
    if (this.calls.some(({ isOpen }) => isOpen)) this.#violated('a caller waits for ever');
  }

  /** Whether the process was suspended for longer than the deadline of a call. The call then starts another grant. */
  #wasSuspended({ began }: Grant): boolean {
    return elapsedMs(began, this.#around.clock) > 15 * second;
  }

  #beginGrant(line: Line, state: Grant['state']): Grant {
    const { clock } = this.#around;
    const { kept, rest } = line;
    const open = this.calls.filter(({ isOpen, lingers, scope }) => (isOpen || lingers) && scope === line.scope);
    const hasComeBack = kept?.hasExpired === true && this.#remainingMs(kept.post) > 0;
    const isDoubtful = hasComeBack || open.some((call) => call.kept !== kept);
    const renews = kept !== undefined && this.#isValid(kept) && !isDoubtful ? kept : undefined;
    const isSame = rest?.secret === undefined || rest.secret === this.#around.secret();
    if (
      rest !== undefined &&
      isSame &&
      !line.wasSuspended &&
      elapsedMs(rest.since, clock) < rest.forMs &&
      !this.#isFirstAfterExpiry(line)
    ) {
      this.#violated('a grant began too soon after one that failed');
    }
    if (renews !== undefined) {
      const isRejected = open.some(({ replacing }) => replacing?.value === renews.post.value);
      const isDue = this.#remainingMs(renews.post) <= renews.dueMs;
      if (!isDue && !isRejected && !renews.isWanted) this.#violated('a token was renewed without need');
      if (renews.isRenewal === 'yes' && elapsedMs(renews.tried, clock) < renews.leastMs) {
        this.#violated('a token was renewed too soon after the last renewal');
      }
      renews.isWanted = false;
    }
    if (!line.wasAsked && open.length === 0) this.#violated('a grant began without a call');
    line.wasAsked = false;
    line.rest = undefined;
    line.grant = { renews, isDoubtful, posts: 0, permitted: 3, state, last: undefined, began: instant(clock) };
    return line.grant;
  }

  #arrived(line: Line): void {
    const { clock, draw } = this.#around;
    const post = line.posts.at(-1);
    const { renews, isDoubtful } = line.grant ?? {};
    // If the cached token seemed expired, a grant without a token to renew may turn out to be its renewal.
    const isJoined = this.calls.some(({ scope, isOpen, kept }) => scope === line.scope && isOpen && kept?.hasExpired);
    const isRenewal = isDoubtful || isJoined ? 'maybe' : renews ? 'yes' : 'no';
    line.grant = undefined;
    line.wasSuspended = false;
    line.failure = undefined;
    line.told = undefined;
    if (post?.lifetimeMs === undefined) return this.#violated('a token arrived without a token request');
    if (this.#remainingMs(post) <= 0) {
      line.expiredOnArrival = post;
      line.wasSuspended = true;
      if (line.kept !== undefined) Object.assign(line.kept, { tried: instant(clock), isRenewal });
      return;
    }
    const windowMs = Math.min(0.2 * post.lifetimeMs, 300 * second);
    line.kept = {
      post,
      tried: instant(clock),
      isRenewal,
      dueMs: windowMs + draw() * Math.min(windowMs, Math.max(windowMs / 2, 0.3 * post.lifetimeMs - windowMs)),
      marginMs: Math.min(30 * second, 0.1 * post.lifetimeMs),
      leastMs: Math.min(5 * second, 0.2 * post.lifetimeMs),
      hasExpired: false,
      // A renewal that joined the grant needs another token than this one.
      isWanted: line.kept?.hasExpired === true && line.kept.post.value === post.value,
      renewalFailed: false,
    };
  }

  /** Whether a token that calls replace has expired, and no attempt was made for it since. */
  #isFirstAfterExpiry({ scope, kept, letThroughFor }: Line): boolean {
    const { clock } = this.#around;
    const replaced = this.calls.filter((call) => (call.isOpen || call.lingers) && call.scope === scope);
    const expired = [
      ...(kept !== undefined && this.#remainingMs(kept.post) <= 0 ? [kept.post.value] : []),
      ...replaced.flatMap(({ replacing }) => (replacing && replacing.remainingMs(clock) <= 0 ? [replacing.value] : [])),
    ];
    const first = expired.find((value) => !letThroughFor.has(value));
    if (first !== undefined) letThroughFor.add(first);
    return first !== undefined;
  }

  /** Records that a grant has failed after all its attempts. */
  #failed(line: Line, byAnswer: boolean): void {
    if (line.grant !== undefined && this.#wasSuspended(line.grant)) line.wasSuspended = true;
    const answer = byAnswer ? line.grant?.last?.answer : undefined;
    const reason = answer?.kind === 'refusal' ? answer.error : undefined;
    const code = { html: 'ERR_TOKEN_RESPONSE', refusal: 'ERR_GRANT_REJECTED' }[String(answer?.kind)];
    const kind = kindOf(code ?? 'ERR_GRANT_UNAVAILABLE', reason);
    line.grant = undefined;
    const count = line.failure?.kind === kind ? line.failure.count + 1 : 1;
    line.failure = { kind, count };
    const { clock, draw, secret } = this.#around;
    const isAskedFor =
      answer === undefined ||
      (answer.kind === 'outage' && (answer.retryAfterSeconds !== undefined || answer.status === 429));
    line.rest = {
      since: instant(clock),
      forMs: restMs(),
      secret: answer?.kind === 'refusal' ? secret() : undefined,
    };

    function restMs(): number {
      if (isAskedFor) return 0;
      if (answer?.kind === 'refusal') return Math.min(60 * second, 5 * second * (0.5 + draw()) * 2 ** (count - 1));
      return draw() * Math.min(9.5 * second, second * 2 ** (count - 1));
    }
  }

  /** Checks that a rejected, too short or expiring cached token is returned only if there is no better one. */
  #checkWorth({ replacing, minValidityMs = 0, since, keptRemainingMs }: Call, kept: Kept): void {
    const { clock } = this.#around;
    const isHeld = kept.isRenewal !== 'no' && elapsedMs(kept.tried, clock) < kept.leastMs;
    if (kept.renewalFailed || isHeld) return;
    const isRejected = replacing?.value === kept.post.value;
    if (isRejected || keptRemainingMs <= minValidityMs) {
      return this.#violated('a rejected or too short token was returned without a renewal');
    }
    const hasWaited = clock.monotonic() - since >= keptRemainingMs / 2;
    if (keptRemainingMs <= kept.marginMs && !hasWaited) {
      this.#violated('a token in the mandatory refresh window was returned without a renewal');
    }
  }

  /** Checks that a pending call has a reason to wait. */
  #checkWaiting(line: Line, call: Call): void {
    const { clock, secret, isAsleep } = this.#around;
    const { kept } = line;
    if (call.isNew && kept !== undefined && kept === call.kept) this.#checkDue(line, call, kept);
    call.isNew = false;
    if (!call.isOpen) return;
    if (call.abort?.signal.aborted) return this.#violated('a caller that aborted still waits');
    const isOther = call.replacing?.value !== kept?.post.value && !call.kept?.hasExpired;
    if (kept !== undefined && this.#isValid(kept) && isOther) {
      const neededMs = Math.max(call.minValidityMs ?? 0, kept.renewalFailed ? 0 : kept.marginMs);
      const remainingMs = kept === call.kept ? call.keptRemainingMs : this.#remainingMs(kept.post);
      if (remainingMs > neededMs) this.#violated('a caller waits although there is a usable token');
    }
    const isTold = line.told?.secret === secret() && elapsedMs(line.told.since, clock) < line.told.forMs;
    if (isTold && line.grant === undefined) this.#violated('a caller waits during the backoff');
    if (!isAsleep(call.scope)) this.#violated('a caller waits although no work is pending');
  }

  #checkDue(line: Line, { keptRemainingMs }: Call, kept: Kept): void {
    const isHeld = kept.isRenewal !== 'no' && elapsedMs(kept.tried, this.#around.clock) < kept.leastMs;
    if (isHeld || kept.renewalFailed || line.grant !== undefined || !this.#isValid(kept)) return;
    if (keptRemainingMs <= kept.dueMs)
      this.#violated('a token was requested in the advisory refresh window, but is not renewed');
  }

  #isSecretOld(post: Post | undefined): boolean {
    const isRefused = post?.answer?.kind === 'refusal' && post.answer.error === 'invalid_client';
    return isRefused && post.secret !== this.#around.secret();
  }

  #isValid(kept: Kept): boolean {
    return !kept.hasExpired && this.#remainingMs(kept.post) > 0;
  }

  #remainingMs({ wall, monotonic, lifetimeMs = 0 }: Post): number {
    return lifetimeMs - elapsedMs({ wall, monotonic }, this.#around.clock);
  }

  #line(scope: string): Line {
    const line = this.#lines.get(scope) ?? {
      scope,
      posts: [],
      kept: undefined,
      grant: undefined,
      wasAsked: false,
      wasSuspended: false,
      failure: undefined,
      rest: undefined,
      letThroughFor: new Set(),
      told: undefined,
      expiredOnArrival: undefined,
    };
    this.#lines.set(scope, line);
    return line;
  }

  #violated(what: string): void {
    this.violations.push(what);
  }

  #count(what: string): void {
    this.seen.set(what, (this.seen.get(what) ?? 0) + 1);
  }
}

const kindOf = (code: string, reason: string | undefined): string => `${code} ${reason ?? ''}`;
