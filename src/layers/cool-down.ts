import { type Clock, elapsedMs, type Instant, instant, systemClock } from '../clock.js';
import { TokenError } from '../errors.js';
import { requestKey } from '../token-request.js';
import type { Layer } from '../token-source.js';
import { backoffMs } from './backoff.js';

/** Options of {@link withCoolDown}. */
export interface CoolDownOptions {
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
}

const maxRequests = 1_000;

/**
 * Repeats a failure for a while instead of asking again: a refusal for 5 s ± 50 %, doubling to 60 s while it repeats, so that
 * no client is locked out; an outage for what the server asks or up to 1 s, doubling to 30 s with full jitter, so that a fleet
 * does not come back all at once. Each error tells in `retryAfterMs` when asking makes sense again.
 */
export function withCoolDown({
  credentials = () => Promise.resolve(''),
  clock = systemClock,
  random = Math.random,
}: CoolDownOptions = {}): Layer {
  return (inner) => {
    const coolDowns = new Map<string, CoolDown>();

    async function remainingMs({ since, forMs, credentials: refused }: CoolDown): Promise<number> {
      const waitMs = forMs - elapsedMs(since, clock);
      return waitMs > 0 && refused !== undefined && (await credentials()) !== refused ? 0 : waitMs;
    }

    function begin(key: string, error: TokenError, refused: string | undefined): CoolDown {
      const last = coolDowns.get(key);
      const failures = last !== undefined && isSame(last.error, error) ? last.failures + 1 : 1;
      const forMs = error.retryable ? outageMs(error, failures) : refusalMs(failures);
      const coolDown = { error, failures, since: instant(clock), forMs, credentials: refused };
      coolDowns.delete(key);
      coolDowns.set(key, coolDown);
      const [oldest] = coolDowns.keys();
      if (coolDowns.size > maxRequests && oldest !== undefined) coolDowns.delete(oldest);
      return coolDown;
    }

    const outageMs = ({ retryAfterMs }: TokenError, failures: number): number =>
      retryAfterMs ?? backoffMs(failures, { baseMs: 1_000, capMs: 30_000, random });

    const refusalMs = (failures: number): number => Math.min(60_000, 5_000 * (0.5 + random()) * 2 ** (failures - 1));

    return {
      async getToken(request, options) {
        const key = requestKey(request);
        const current = coolDowns.get(key);
        const waitMs = current === undefined ? 0 : await remainingMs(current);
        if (current !== undefined && waitMs > 0) throw current.error.again(waitMs);
        try {
          const token = await inner.getToken(request, options);
          coolDowns.delete(key);
          return token;
        } catch (error) {
          if (!(error instanceof TokenError)) throw error;
          const { forMs } = begin(key, error, error.retryable ? undefined : await credentials());
          throw error.again(forMs);
        }
      },
    };
  };
}

const isSame = (one: TokenError, other: TokenError): boolean =>
  one.retryable === other.retryable && one.code === other.code;
