import { type Observation, observeKey } from '../telemetry/observation.js';
import type { Observer } from '../telemetry/observer.js';
import type { TokenService } from './token-service.js';

/** The observers of all token services of `createTokenServices`. */
export interface ObservedServices {
  /** Adds the observers to a new service. */
  add(service: TokenService): void;
  /** As {@link Observation.observe}, for all services: those in memory, and those that are made later. */
  readonly observe: Observation['observe'];
}

/**
 * Adds observers to token services. A service refers to its observers, not the other way round, so that nothing keeps a
 * closed service in memory. `common` has the events of no service; `services` returns the services that have calls.
 */
export function observedServices(
  common: Pick<Observation, 'observe'>,
  services: () => readonly { readonly service: TokenService }[],
): ObservedServices {
  type Stop = () => void;
  const stops = new Map<Observer, WeakMap<TokenService, Stop>>();

  return {
    add(service) {
      for (const [observer, stopsOf] of stops) stopsOf.set(service, observeOf(service)(observer));
    },
    observe(observer) {
      const stopCommon = common.observe(observer);
      const stopsOf = new WeakMap<TokenService, Stop>();
      stops.set(observer, stopsOf);
      for (const { service } of services()) stopsOf.set(service, observeOf(service)(observer));
      return () => {
        stopCommon();
        stops.delete(observer);
        for (const { service } of services()) stopsOf.get(service)?.();
      };
    },
  };
}

const observeOf = (service: TokenService): Observation['observe'] =>
  (service as unknown as Readonly<Record<symbol, Observation['observe']>>)[observeKey] as Observation['observe'];
