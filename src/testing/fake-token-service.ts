import type { AccessToken } from '../core/access-token.js';
import {
  anyFunction,
  anyList,
  checkArgument,
  checkOptions,
  durationMs,
  numberOfAtLeastZero,
  objectWith,
  positiveInteger,
} from '../core/check-options.js';
import type { EventSink } from '../core/events.js';
import type { TokenRequest } from '../core/token-request.js';
import { compose, type GetTokenOptions } from '../core/token-source.js';
import { withCache } from '../layers/cache.js';
import { requestDefaults, withDefaultRequest } from '../layers/default-request.js';
import { cachedTokensOf, tokenCache } from '../layers/token-cache.js';
import { watcher } from '../layers/watch.js';
import { revokeAll } from '../service/revoke-all.js';
import { tokenStats } from '../service/stats.js';
import type { TokenService } from '../service/token-service.js';
import { type EventLogger, logEvents } from '../telemetry/logging.js';
import { observation, observeKey } from '../telemetry/observation.js';
import { fakeGrants } from './fake-grants.js';
import { type TestClock, testClock } from './test-clock.js';
import { anyTokenFailure, type TokenFailure } from './token-failure.js';

/** Options of {@link fakeTokenService}. */
export interface FakeTokenServiceOptions {
  /** The tokens in turn; after the last one it makes `token-<n>`. @default 'token-1', 'token-2' and so on */
  readonly tokens?: readonly (string | AccessToken)[] | undefined;
  /** Fails from the beginning, as {@link FakeTokenService.fail} does. @default undefined, and it does not fail */
  readonly rejects?: TokenFailure | undefined;
  /** How long each token is valid, in milliseconds. @default 3600000 */
  readonly lifetimeMs?: number | undefined;
  /** Called with each event. */
  readonly onEvent?: EventSink | undefined;
  /** Logs the events. */
  readonly logger?: EventLogger | undefined;
}

/** A call of `getToken`: the members of its token request, and the options that a test may check. */
export interface ReceivedTokenRequest extends TokenRequest {
  /** The value of the token to replace; absent if the call replaces none. */
  readonly replacing?: string;
  /** The minimum remaining validity; absent if the call has none. */
  readonly minValidityMs?: number;
}

/** A token service without a server. The methods that a {@link TokenService} does not have are commands of the test. */
export interface FakeTokenService extends TokenService {
  /** The calls of `getToken` so far. A test with one call and one resend sees `[{}, { replacing: 'token-1' }]`. */
  readonly requests: readonly ReceivedTokenRequest[];
  /** The values of the tokens so far, the oldest first. */
  readonly granted: readonly string[];
  /** The clock by which tokens expire. It follows `Date`, also that of fake timers. */
  readonly clock: TestClock;
  /**
   * Lets the next `times` grants and revocations fail; by default all of them, with `ERR_GRANT_UNAVAILABLE`. As with a
   * real server, a cached token remains in use until it expires; for an error at once, call `expire` too.
   * @throws {ConfigurationError} if `failure` is not an error of this library
   */
  fail(failure?: TokenFailure, options?: { readonly times?: number | undefined }): void;
  /** Ends `fail` and `rejects`. */
  recover(): void;
  /** Lets each grant and each revocation take `ms` milliseconds from now on; `0` ends this. */
  delay(ms: number): void;
  /** Moves the clock to the time at which all tokens have expired. */
  expire(): void;
  /** Revokes the tokens so far at the imaginary server: `accepts` is false. The service still returns a cached one. */
  revokeGranted(): void;
  /** Whether an `Authorization` header holds a token of this service that has not expired and is not revoked. */
  accepts(authorization: unknown): boolean;
}

/** The names of the service in its events and its snapshot. */
const origin = {
  service: 'fake-client',
  clientId: 'fake-client',
  authorizationServer: 'https://auth.example.com',
  grantType: 'client_credentials',
};

/**
 * Makes a token service for tests. It makes tokens without a server, records the calls, and fails, waits or expires on
 * command. It caches, coalesces and replaces tokens with the code of the real one. After a failure, the next call tries
 * again at once. Nothing is sent, so that it works with fake timers and without a test framework.
 * @throws {ConfigurationError} if an option is unknown or malformed
 * @example
 * ```ts
 * import assert from 'node:assert/strict';
 * import { fakeTokenService } from 'm2m-tokens/testing';
 *
 * const tokens = fakeTokenService();
 * assert.equal((await tokens.getToken({ scope: 'orders:read' })).value, 'token-1');
 * assert.deepEqual(tokens.requests, [{ scope: 'orders:read' }]);
 * ```
 */
export function fakeTokenService(options: FakeTokenServiceOptions = {}): FakeTokenService {
  checkOptions('fakeTokenService', options, {
    tokens: anyList,
    rejects: anyTokenFailure,
    lifetimeMs: durationMs,
    onEvent: anyFunction,
    logger: objectWith('debug', 'info', 'warn', 'error'),
  });
  const { tokens = [], rejects, lifetimeMs = 3_600_000 } = options;
  const clock = testClock();
  const sinks = [options.logger && logEvents(options.logger, { clock }), options.onEvent];
  const observers = observation({ origin, sinks, clock });
  const { onEvent } = observers;

  const grants = fakeGrants({ tokens, rejects, lifetimeMs, clock, onEvent });
  // Without jitter, so that a test with fake timers knows when a renewal is due.
  const cache = tokenCache({ clock, random: () => 0, onEvent });
  const source = compose(grants, observers.layer, withCache(cache), withDefaultRequest());
  const requests: ReceivedTokenRequest[] = [];
  const getToken: TokenService['getToken'] = (request, requestOptions) => {
    requests.push(received(request, requestOptions));
    return source.getToken(request, requestOptions);
  };

  const fake: FakeTokenService = {
    getToken,
    report(event) {
      onEvent(event);
      return { ...origin, ...event };
    },
    async ready({ signal } = {}) {
      await getToken(undefined, { signal });
    },
    flush: async () => undefined,
    stats: () => tokenStats({ origin, grants, cache: cachedTokensOf(cache), shared: undefined }),
    revoke: revokeAll({ cache: cachedTokensOf(cache), grants, shared: undefined, onEvent }),
    watch: watcher({ cache: cachedTokensOf(cache), source, complete: requestDefaults() }),
    requests,
    granted: grants.granted,
    clock,
    fail(failure = 'ERR_GRANT_UNAVAILABLE', { times = Infinity } = {}) {
      checkArgument('fail', 'failure', failure, anyTokenFailure);
      if (times !== Infinity) checkArgument('fail', 'times', times, positiveInteger);
      grants.fail(failure, times);
    },
    recover: () => grants.fail(undefined, 0),
    delay(ms) {
      checkArgument('delay', 'ms', ms, numberOfAtLeastZero);
      grants.delay(ms);
    },
    expire() {
      clock.advance(grants.longestRemainingMs());
      // A token that never expires is not due on the clock.
      cachedTokensOf(cache).drain();
    },
    revokeGranted: () => grants.revokeGranted(),
    accepts: (authorization) => grants.accepts(authorization),
  };
  return Object.assign(fake, { [observeKey]: observers.observe });
}

// Malformed arguments are recorded too; the token source rejects them.
function received(request: TokenRequest | undefined, options: GetTokenOptions | undefined): ReceivedTokenRequest {
  const { replacing, minValidityMs } = Object(options) as GetTokenOptions;
  return {
    ...request,
    ...(replacing !== undefined && { replacing: replacing.value }),
    ...(minValidityMs !== undefined && { minValidityMs }),
  };
}
