import type { TokenEvent } from '../../src/core/events.js';
import type { TokenServiceOptions } from '../../src/service/options.js';
import type { TokenService } from '../../src/service/token-service.js';
import type { ScriptedAuthorizationServer } from './authorization-server.js';
import type { FakeClock } from './clock.js';
import { type ScriptedResourceServer, startResourceServer } from './resource-server.js';
import { startTokenService } from './token-service.js';

/**
 * The servers and the token service that an adapter is tested with: tokens of real grants, and an API that checks them.
 */
export interface Surroundings {
  readonly authorizationServer: ScriptedAuthorizationServer;
  readonly api: ScriptedResourceServer;
  readonly tokens: TokenService;
  readonly clock: FakeClock;
  /** The events that `onEvent` received. */
  readonly events: readonly TokenEvent[];
  readonly onEvent: (event: TokenEvent) => void;
}

/**
 * Starts an authorization server and an API, and makes a token service. The API accepts every token that is not
 * revoked.
 */
export async function startSurroundings(options: Partial<TokenServiceOptions> = {}): Promise<Surroundings> {
  const [api, { server: authorizationServer, tokens, clock }] = await Promise.all([
    startResourceServer(),
    // No retries: the fake clock would have to move for the wait between two attempts.
    startTokenService({ clientSecret: 'open sesame', random: () => 0.5, retry: { retries: 0 }, ...options }),
  ]);
  const events: TokenEvent[] = [];
  return { authorizationServer, api, tokens, clock, events, onEvent: (event) => void events.push(event) };
}

/** A promise that the test fulfils. */
export interface Gate {
  readonly opened: Promise<void>;
  readonly open: () => void;
}

/** Makes a promise that is pending until `open` is called. */
export function gate(): Gate {
  let open!: () => void;
  const opened = new Promise<void>((resolve) => {
    open = resolve;
  });
  return { opened, open };
}
