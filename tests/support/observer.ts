import { observeKey } from '../../src/telemetry/observation.js';
import type { Observer } from '../../src/telemetry/observer.js';
import type { TokenService } from '../../src/service/token-service.js';

/** Adds an observer to a token service, as the entry `m2m-tokens/opentelemetry` does. */
export function observe(tokens: TokenService, observer: Partial<Observer>): () => void {
  const add = (tokens as unknown as Record<symbol, (observer: Observer) => () => void>)[observeKey];
  if (add === undefined) throw new Error('the token service cannot be observed');
  return add({ name: 'a test', onEvent: () => undefined, aroundGrant: (_grant, run) => run(), ...observer });
}
