import { abortable } from '../core/abort.js';
import { elapsedMs, instant, systemClock } from '../core/clock.js';
import { type AnyTokenError, isTokenError } from '../core/errors.js';
import { onlyOnce, warnOnFailure } from '../core/event-sink.js';
import type { TokenEvent } from '../core/events.js';
import { canonicalRequest } from '../core/token-request.js';
import { checkGetTokenOptions, type GetTokenOptions } from '../core/token-source.js';
import { backoffMs } from '../layers/backoff.js';
import { checkWatch, type WatchListener } from '../layers/watch.js';
import type { OpenServices } from './open-services.js';
import { absentStats } from './services-stats.js';
import type { TokenService } from './token-service.js';

/** Options of {@link namedService}. */
export interface NamedServiceOptions {
  readonly name: string;
  readonly services: OpenServices;
  /** Called with the events of a service that is not in memory. */
  readonly emit: (event: TokenEvent) => void;
}

/**
 * The token service of one name, which may not be in memory: each call finds it, or waits until it is made. It holds only
 * the name, so it stays valid when the service is closed.
 */
export function namedService({ name, services, emit }: NamedServiceOptions): TokenService {
  /** Waits for the options of the service; a failure is an event, as the failure of a grant is. */
  const opened =
    (requestedScope: string | undefined, { signal }: Pick<GetTokenOptions, 'signal'>) =>
    async (opening: Promise<unknown>): Promise<unknown> => {
      const began = instant(systemClock);
      try {
        return await abortable(opening, signal);
      } catch (error) {
        const retryAfterMs = isTokenError(error) ? error.retryAfterMs : undefined;
        const facts = { service: name, requestedScope, error, durationMs: elapsedMs(began, systemClock), retryAfterMs };
        if (signal?.aborted !== true) emit({ type: 'token.unavailable', ...facts });
        throw error;
      }
    };
  const present = (): TokenService | undefined => services.peek(name);

  return {
    async getToken(request, options = {}) {
      const service = present();
      // Wrong arguments fail at once, not after the options are read.
      if (service === undefined) checkGetTokenOptions(options);
      const { scope } = service === undefined ? canonicalRequest(request) : {};
      options.signal?.throwIfAborted();
      return services.run(name, (found) => found.getToken(request, options), opened(scope, options));
    },
    async ready(options = {}) {
      options.signal?.throwIfAborted();
      return services.run(name, (service) => service.ready(options), opened(undefined, options));
    },
    report(event) {
      const service = present();
      if (service !== undefined) return service.report?.(event) ?? event;
      const named = { service: name, ...event };
      emit(named);
      return named;
    },
    watch(listener, options = {}) {
      checkWatch(listener, options);
      const { signal } = options;
      const { scope } = canonicalRequest(options.request);
      // The service refuses a request that does not go with its own options.
      const begin = async (service: TokenService) => {
        try {
          service.watch(listener, options);
          return undefined;
        } catch (error) {
          return error as AnyTokenError;
        }
      };
      void watchWhenOpen(() => services.run(name, begin, opened(scope, { signal })), listener, signal);
    },
    flush: async () => present()?.flush(),
    revoke: async (options) => present()?.revoke(options) ?? true,
    stats: () => present()?.stats() ?? absentStats(name),
  };
}

/**
 * Opens a service, again and again until it succeeds. `open` resolves to the error of a service that refuses the watch. The
 * listener is told of this error, and of the first failure.
 */
async function watchWhenOpen(
  open: () => Promise<AnyTokenError | undefined>,
  listener: WatchListener,
  signal: AbortSignal | undefined,
): Promise<void> {
  const run = warnOnFailure();
  const isEnded = (): boolean => signal?.aborted === true;
  const tell = (error: AnyTokenError) =>
    run(`A listener of watch failed${onlyOnce}`, () => listener({ token: undefined, error }));
  for (let failures = 1; !isEnded(); failures += 1) {
    const { isOpen, error } = await open().then(
      (refusal) => ({ isOpen: true, error: refusal }),
      (failure: unknown) => ({ isOpen: false, error: failure as AnyTokenError }),
    );
    if (error === undefined || isEnded()) return;
    if (isOpen || failures === 1) tell(error);
    if (isOpen) return;
    const waitMs = backoffMs(failures, { baseMs: 1_000, capMs: 9_500, random: Math.random });
    await systemClock.sleep(waitMs, signal, { ref: false }).catch(() => undefined);
  }
}
