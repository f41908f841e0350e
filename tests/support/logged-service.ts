import type { TokenRequest } from '../../src/core/token-request.js';
import type { TokenServiceOptions } from '../../src/service/options.js';
import { createTokenService, type TokenService } from '../../src/service/token-service.js';
import { secret } from './grant-outcome.js';
import { type MemoryLog, memoryLog } from './memory-log.js';
import { type ScenarioClock, scenarioClock } from './scenario-clock.js';

/** A token service with a log and a clock that moves by itself. */
export interface LoggedService {
  readonly log: MemoryLog;
  readonly tokens: TokenService;
  readonly clock: ScenarioClock;
  /** How many calls got an error instead of a token. */
  failedCalls(): number;
  /** Sets the responses of the token endpoint. */
  answer(next: () => Response): void;
  /** Starts a call each second, for this long. */
  callFor(ms: number, request?: TokenRequest): Promise<void>;
  /** One call, and all that it does in the background. */
  call(request?: TokenRequest): Promise<void>;
}

/** Makes a token service whose token endpoint responds in no time. */
export function loggedService(options: Partial<TokenServiceOptions> = {}): LoggedService {
  const [log, clock] = [memoryLog(), scenarioClock()];
  let next: () => Response = grants();
  let failures = 0;
  const tokens = createTokenService({
    tokenEndpoint: 'https://auth.example/token',
    clientId: 'orders',
    clientSecret: secret,
    clock,
    random: () => 0.5,
    logger: log.logger,
    fetch: async () => next(),
    ...options,
  });

  async function callUntil(ms: number, request?: TokenRequest): Promise<void> {
    tokens.getToken(request).catch(() => {
      failures += 1;
    });
    await clock.runTo(ms);
  }

  return {
    log,
    tokens,
    clock,
    failedCalls: () => failures,
    answer(response) {
      next = response;
    },
    async callFor(ms, request) {
      const until = clock.elapsedMs() + ms;
      while (clock.elapsedMs() < until) await callUntil(Math.min(until, clock.elapsedMs() + 1_000), request);
    },
    call: (request) => callUntil(clock.elapsedMs(), request),
  };
}

/** Grants tokens with this lifetime. */
export function grants(lifetimeSeconds = 3_600): () => Response {
  let count = 0;
  return () => {
    count += 1;
    return Response.json({ access_token: `token-${count}`, token_type: 'Bearer', expires_in: lifetimeSeconds });
  };
}

/** A server that is not available. */
export const unavailable = (): Response => new Response('overloaded', { status: 503 });

/** An error response (RFC 6749 §5.2). */
export const refusal =
  (error: string, status = 400) =>
  (): Response =>
    Response.json({ error }, { status });
