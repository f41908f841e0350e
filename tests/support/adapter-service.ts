import type { TokenEvent } from '../../src/core/events.js';
import type { TokenServiceOptions } from '../../src/service/options.js';
import type { TokenService } from '../../src/service/token-service.js';
import type { ScriptedAuthorizationServer } from './authorization-server.js';
import type { FakeClock } from './clock.js';
import { type ScriptedResourceServer, startResourceServer } from './resource-server.js';
import { startTokenService } from './token-service.js';

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
  const [api, { server: authorizationServer, tokens, clock }] = await Promise.all([
    startResourceServer(),
    // A wait between two attempts would be for the clock to move.
    startTokenService({ clientSecret: 'open sesame', random: () => 0.5, retry: { retries: 0 }, ...options }),
  ]);
  const events: TokenEvent[] = [];
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
