import { randomBytes } from 'node:crypto';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { setImmediate } from 'node:timers/promises';

import type { TokenServiceOptions } from 'm2m-tokens';

const client = { clientId: 'benchmark', clientSecret: 'secret' };

/** Options of a token service whose grants run in this process, without a network. */
export function tokenEndpointInProcess({ tokenType = 'Bearer' } = {}): TokenServiceOptions {
  let grants = 0;
  return {
    ...client,
    tokenEndpoint: 'https://auth.example.com/token',
    fetch: async () => {
      // As with a network, a grant takes a turn of the event loop.
      await setImmediate();
      grants += 1;
      return Response.json(granted(grants, tokenType));
    },
  };
}

/** A token endpoint on loopback. */
export interface TokenEndpoint {
  /** Options of a token service for this endpoint. */
  readonly options: TokenServiceOptions & { readonly tokenEndpoint: string; readonly clientId: string };
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

const granted = (number: number, tokenType = 'Bearer'): object => ({
  access_token: signedToken(number),
  token_type: tokenType,
  expires_in: 3600,
});

// A JWT of 900 characters; its signature is not valid.
function signedToken(number: number): string {
  const encode = (part: object): string => Buffer.from(JSON.stringify(part)).toString('base64url');
  const header = encode({ alg: 'RS256', typ: 'at+jwt', kid: 'benchmark' });
  const claims = encode({ iss: 'https://auth.example.com', sub: 'orders', jti: String(number).padStart(12, '0') });
  const signature = randomBytes(1_000).toString('base64url');
  return `${header}.${claims}.${signature}`.slice(0, 900);
}
