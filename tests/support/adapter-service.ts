import type { TokenEvent } from '../../src/events.js';
import { createTokenService, type TokenService } from '../../src/token-service.js';
import type { TokenServiceOptions } from '../../src/token-service-options.js';
import { type ScriptedAuthorizationServer, startAuthorizationServer } from './authorization-server.js';
import { type FakeClock, fakeClock } from './clock.js';
import { type ScriptedResourceServer, startResourceServer } from './resource-server.js';

/** What an adapter works with: tokens from a real grant, and an API that looks at them. */
export interface Surroundings {
  readonly authorizationServer: ScriptedAuthorizationServer;
  readonly api: ScriptedResourceServer;
  readonly tokens: TokenService;
  readonly clock: FakeClock;
  /** What was emitted by whoever got `onEvent`. */
  readonly events: readonly TokenEvent[];
  readonly onEvent: (event: TokenEvent) => void;
}

/** Starts an authorization server and an API, and makes a token service for the one that knows nothing of the other. */
export async function startSurroundings(options: Partial<TokenServiceOptions> = {}): Promise<Surroundings> {
  const [authorizationServer, api] = await Promise.all([startAuthorizationServer(), startResourceServer()]);
  const clock = fakeClock();
  const events: TokenEvent[] = [];
  const tokens = createTokenService({
    tokenEndpoint: authorizationServer.tokenEndpoint,
    clientId: 'orders',
    clientSecret: 'open sesame',
    clock,
    random: () => 0.5,
    // A wait between two attempts would be for the clock to move.
    retry: { retries: 0 },
    ...options,
  });
  return { authorizationServer, api, tokens, clock, events, onEvent: (event) => void events.push(event) };
}

/** Something that can be waited for until the test lets it happen. */
export interface Gate {
  readonly opened: Promise<void>;
  readonly open: () => void;
}

/** A gate that is closed. */
export function gate(): Gate {
  let open!: () => void;
  const opened = new Promise<void>((resolve) => {
    open = resolve;
  });
  return { opened, open };
}
