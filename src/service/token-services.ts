import {
  anyFunction,
  checkArgument,
  checkOptions,
  durationMs,
  nonEmptyString,
  objectWith,
  positiveInteger,
} from '../core/check-options.js';
import { elapsedMs, instant, systemClock } from '../core/clock.js';
import type { EventSink, TokenEvent } from '../core/events.js';
import { checkName, type TokenSources } from '../core/token-sources.js';
import { type EventLogger, logEvents } from '../telemetry/logging.js';
import { observation, observeKey } from '../telemetry/observation.js';
import { namedService } from './named-service.js';
import { observedServices } from './observed-services.js';
import { openServices } from './open-services.js';
import type { TokenServiceOptions } from './options.js';
import type { RevokeOptions } from './revoke-all.js';
import { servicesStats, type TokenServicesStats } from './services-stats.js';
import type { TokenService } from './token-service.js';

/** Options of {@link createTokenServices}. */
export interface TokenServicesOptions {
  /**
   * Number of token services in memory; the least recently used one is closed first. Set it above the number of names
   * that are in use at the same time. @default 1000
   */
  readonly max?: number | undefined;
  /** The longest time that `optionsOf` may take, in milliseconds. @default 15000 */
  readonly timeoutMs?: number | undefined;
  /** The logger of all services; the result of `optionsOf` may have another one. */
  readonly logger?: EventLogger | undefined;
  /** Called with each event of all services; the result of `optionsOf` may have another function. */
  readonly onEvent?: EventSink | undefined;
  /** The name of all services together, in metrics. @default 'token services' */
  readonly name?: string | undefined;
}

/** Token services with credentials of their own, one for each name: a tenant, an environment or a region. */
export interface TokenServices extends TokenSources {
  /**
   * The token service of one name. It returns at once: `getToken` and `ready` wait for `optionsOf` if the service is not
   * in memory. The result stays valid when the service is closed, and may be kept or made for each call. While the
   * service is not in memory, its `revoke` and `flush` do nothing and its `stats` are empty. A watch keeps the service that it began
   * with, also after that is closed: end it by its signal.
   * @throws {ConfigurationError} if the name is not a non-empty string
   */
  of(name: string): TokenService;
  /**
   * Closes the service of one name, for example because its tenant has new credentials or is gone: the next call reads
   * the options again, and another name may have the same client. Its tokens are dropped, but not revoked: call
   * `of(name).revoke()` before. Calls under way end as usual.
   * @throws {ConfigurationError} if the name is not a non-empty string
   */
  close(name: string): void;
  /**
   * Revokes the tokens of all services in memory, within four seconds, as {@link TokenService.revoke} does. Resolves to
   * `true` if all are revoked. Tokens of closed services are not revoked.
   */
  revoke(options?: RevokeOptions): Promise<boolean>;
  /** Resolves when the tokens granted so far are in the shared stores. */
  flush(): Promise<void>;
  /** Returns a snapshot of all services, without secrets. */
  stats(): TokenServicesStats;
}

const revocations = { concurrency: 20, startedWithinMs: 2_000 };

/**
 * Creates token services with credentials of their own, one for each name. `optionsOf` returns the options of one name,
 * for example from a database. It is called on the first use of the name, once for all calls that wait for it. Its
 * errors are not kept: the next call tries again. The option `name` of a service is its name, unless `optionsOf` returns
 * another one.
 *
 * Beyond `max` services, the least recently used one is closed: its tokens are dropped from memory, but not revoked, and
 * calls under way end as usual. The next use of its name calls `optionsOf` again and needs a grant.
 *
 * Two names must not have the same client at the same authorization server, unless their default scope, resource,
 * audience, parameters or grants differ: a call for one of them would get the token of the other. Such a call fails with a
 * `ConfigurationError`.
 *
 * In events, logs and traces, `service` is the name of the service. Metrics have one set of time series for all of them,
 * because their number would grow with the names.
 * @throws {ConfigurationError} if an argument or option is malformed
 * @example
 * ```ts
 * import axios from 'axios';
 * import { createTokenServices, fromFile } from 'm2m-tokens';
 * import { bearerToken } from 'm2m-tokens/axios';
 *
 * const services = createTokenServices((tenant) => ({
 *   issuer: 'https://auth.example.com',
 *   clientId: `orders-${tenant}`,
 *   clientSecret: fromFile(`/run/secrets/${tenant}`),
 * }));
 * const { authorization } = await services.of('acme').getToken();
 *
 * const api = axios.create({ baseURL: 'https://api.example.com' });
 * const serviceOf = ({ url = '' }) => url.split('/')[1] ?? '';
 * api.interceptors.request.use(bearerToken(services, { serviceOf }));
 * ```
 */
export function createTokenServices(
  optionsOf: (name: string) => TokenServiceOptions | Promise<TokenServiceOptions>,
  options: TokenServicesOptions = {},
): TokenServices {
  const owner = 'createTokenServices';
  checkArgument(owner, 'optionsOf', optionsOf, anyFunction);
  checkOptions(owner, options, {
    max: positiveInteger,
    timeoutMs: durationMs,
    logger: objectWith('debug', 'info', 'warn', 'error'),
    onEvent: anyFunction,
    name: nonEmptyString,
  });
  const { max = 1_000, timeoutMs = 15_000, logger, onEvent, name: nameOfAll = 'token services' } = options;
  // For the events of no service in memory, and the observers of all services.
  const common = observation({ origin: {}, sinks: [logger && logEvents(logger), onEvent] });
  const observed = observedServices(common, () => services.withClosing());
  const defaults = { logger, onEvent };
  const services = openServices({ optionsOf, max, timeoutMs, defaults, onOpen: (service) => observed.add(service) });

  const of = (name: string): TokenService => {
    checkName('token services', name);
    return namedService({ name, services, emit: common.onEvent });
  };
  const close = (name: string): void => {
    checkName('token services', name);
    services.close(name);
  };

  const all = {
    of,
    close,
    report(event: TokenEvent): TokenEvent {
      common.onEvent(event);
      return event;
    },
    async revoke(revokeOptions?: RevokeOptions) {
      const began = instant(systemClock);
      let isRevoked = true;
      // The workers share one iterator, so that each service is taken once.
      const queue = services.withClosing().values();
      const work = async (): Promise<void> => {
        for (const { name, service } of queue) {
          const isInTime = elapsedMs(began, systemClock) < revocations.startedWithinMs;
          if (!isInTime) services.close(name);
          if (!isInTime || !(await service.revoke(revokeOptions))) isRevoked = false;
        }
      };
      await Promise.all(Array.from({ length: revocations.concurrency }, work));
      return isRevoked;
    },
    async flush() {
      await Promise.all(services.withClosing().map(({ service }) => service.flush()));
    },
    stats: () => servicesStats(nameOfAll, max, services),
    [observeKey]: observed.observe,
  };
  return all satisfies TokenServices;
}
