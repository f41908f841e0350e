import { abortable, withDeadline } from '../core/abort.js';
import { type Clock, elapsedMs, type Instant, instant, systemClock } from '../core/clock.js';
import { GrantRejectedError, TokenError } from '../core/errors.js';
import { requestKey } from '../core/token-request.js';
import type { Layer } from '../core/token-source.js';
import { outageBackoffMs } from './backoff.js';

/** Options of {@link withNegativeCache}. */
export interface NegativeCacheOptions {
  /** Something that changes when the credentials do: a refusal of the old ones says nothing about the new ones. */
  readonly credentials?: (() => Promise<string>) | undefined;
  readonly clock?: Clock | undefined;
  /** Uniform in [0, 1). @default Math.random */
  readonly random?: (() => number) | undefined;
}

/** Why, since when and for how long a request is not asked for. */
interface CoolDown {
  readonly error: TokenError;
  readonly failures: number;
  readonly since: Instant;
  readonly forMs: number;
  readonly credentials: string | undefined;
  /** When the credentials were looked at last. */
  looked?: Instant;
}

const maxRequests = 1_000;
const lookMs = 1_000;

/**
 * Repeats a failure for a while instead of asking again: a refusal for 5 s ± 50 %, doubling to 60 s while it repeats, so that
 * no client is locked out; an outage for what the server asks or up to 1 s, doubling to 30 s with full jitter, so that a fleet
 * does not come back all at once. Each error tells in `retryAfterMs` when asking makes sense again.
 */
export function withNegativeCache({
  credentials = () => Promise.resolve(''),
  clock = systemClock,
  random = Math.random,
}: NegativeCacheOptions = {}): Layer {
  return (inner) => {
    const coolDowns = new Map<string, CoolDown>();

    async function remainingMs(coolDown: CoolDown): Promise<number> {
      const waitMs = coolDown.forMs - elapsedMs(coolDown.since, clock);
      return waitMs > 0 && (await haveChanged(coolDown)) ? 0 : waitMs;
    }

    // Once a second at most: whoever keeps the secret is not asked by each of those who are turned away.
    async function haveChanged(coolDown: CoolDown): Promise<boolean> {
      const { credentials: refused, looked } = coolDown;
      if (refused === undefined || (looked !== undefined && elapsedMs(looked, clock) < lookMs)) return false;
      coolDown.looked = instant(clock);
      const now = await credentialsNow();
      return now !== undefined && now !== refused;
    }

    // A secret that cannot be had, or not soon, is no other one and in nobody's way.
    const credentialsNow = (): Promise<string | undefined> =>
      withDeadline(lookMs, undefined, async (signal) => abortable(credentials(), signal)).catch(() => undefined);

    function begin(key: string, error: TokenError, refused: string | undefined): CoolDown {
      const last = coolDowns.get(key);
      const failures = last !== undefined && isSame(last.error, error) ? last.failures + 1 : 1;
      const forMs = error.retryable ? outageMs(error, failures) : refusalMs(failures);
      const coolDown: CoolDown = { error, failures, since: instant(clock), forMs, credentials: refused };
      coolDowns.delete(key);
      coolDowns.set(key, coolDown);
      const [oldest] = coolDowns.keys();
      if (coolDowns.size > maxRequests && oldest !== undefined) coolDowns.delete(oldest);
      return coolDown;
    }

    const outageMs = ({ retryAfterMs }: TokenError, failures: number): number =>
      retryAfterMs ?? outageBackoffMs(failures, random);

    const refusalMs = (failures: number): number => Math.min(60_000, 5_000 * (0.5 + random()) * 2 ** (failures - 1));

    return {
      async getToken(request, options) {
        const key = requestKey(request);
        const current = coolDowns.get(key);
        const waitMs = current === undefined ? 0 : await remainingMs(current);
        if (current !== undefined && waitMs > 0) throw current.error.withRetryAfter(waitMs);
        try {
          const token = await inner.getToken(request, options);
          coolDowns.delete(key);
          return token;
        } catch (error) {
          if (!(error instanceof TokenError)) throw error;
          const { forMs } = begin(key, error, error.retryable ? undefined : await credentialsNow());
          throw error.withRetryAfter(forMs);
        }
      },
    };
  };
}

const isSame = (one: TokenError, other: TokenError): boolean =>
  one.retryable === other.retryable && one.code === other.code && reasonOf(one) === reasonOf(other);

const reasonOf = (error: TokenError): string | undefined =>
  error instanceof GrantRejectedError ? error.error : undefined;
