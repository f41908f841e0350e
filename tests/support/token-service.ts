import type { TokenEvent } from '../../src/core/events.js';
import type { TokenServiceOptions } from '../../src/service/options.js';
import { createTokenService, type TokenService } from '../../src/service/token-service.js';
import { type ScriptedAuthorizationServer, startAuthorizationServer } from './authorization-server.js';
import { type FakeClock, fakeClock } from './clock.js';
import { secret } from './grant-outcome.js';
import { collectNotable } from './events.js';

/** A token service with all its layers, and its server, clock and events. */
export interface RunningTokenService {
  readonly server: ScriptedAuthorizationServer;
  readonly tokens: TokenService;
  readonly clock: FakeClock;
  readonly events: readonly TokenEvent[];
}

/** Starts an authorization server that grants `token-1`, `token-2` and so on, and makes a token service for it. */
export async function startTokenService(options: Partial<TokenServiceOptions> = {}): Promise<RunningTokenService> {
  const [server, clock] = [await startAuthorizationServer(), fakeClock()];
  const events: TokenEvent[] = [];
  const tokens = createTokenService({
    tokenEndpoint: server.tokenEndpoint,
    clientId: 'orders',
    clientSecret: secret,
    clock,
    random: () => 0,
    onEvent: collectNotable(events),
    ...options,
  });
  return { server, tokens, clock, events };
}

/** The value of the current token. */
export const valueOf = async (tokens: TokenService): Promise<string> => (await tokens.getToken()).value;
