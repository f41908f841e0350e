import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { setImmediate } from 'node:timers/promises';

import type { TokenServiceOptions } from 'm2m-tokens';

const client = { clientId: 'benchmark', clientSecret: 'secret' };

/** Options of a token service whose grants never leave the process; its tokens have so many characters, or a few more. */
export function tokenEndpointInProcess({ tokenLength = 900, tokenType = 'Bearer' } = {}): TokenServiceOptions {
  let grants = 0;
  return {
    ...client,
    tokenEndpoint: 'https://auth.example.com/token',
    fetch: async () => {
      // As from a network: timers have their turn.
      await setImmediate();
      grants += 1;
      return Response.json(granted(grants, tokenLength, tokenType));
    },
  };
}

/** A token endpoint on loopback. */
export interface TokenEndpoint {
  /** Options of a token service that asks it. */
  readonly options: TokenServiceOptions;
  /** Number of grants so far. */
  readonly grants: number;
  close(): void;
}

/** Starts a token endpoint on a free port. */
export async function startTokenEndpoint(): Promise<TokenEndpoint> {
  let grants = 0;
  const server = createServer((request, response) => {
    request.resume().on('end', () => {
      grants += 1;
      response.writeHead(200, { 'content-type': 'application/json' }).end(JSON.stringify(granted(grants)));
    });
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const { port } = server.address() as AddressInfo;

  return {
    options: { ...client, tokenEndpoint: `http://127.0.0.1:${port}/token` },
    get grants() {
      return grants;
    },
    close() {
      server.closeAllConnections();
      server.close();
    },
  };
}

const granted = (number: number, tokenLength = 900, tokenType = 'Bearer'): object => ({
  access_token: `${number}-${'x'.repeat(tokenLength)}`,
  token_type: tokenType,
  expires_in: 3600,
});
