import type { IncomingMessage, ServerResponse } from 'node:http';
import { setTimeout as delay } from 'node:timers/promises';

type Handle = (request: IncomingMessage, response: ServerResponse) => Promise<void>;

/** What happens to the requests to `/token`. */
export interface TokenEndpoint {
  /** The numbers of grants that the server has issued and rejected, and of requests during outages. */
  readonly counts: { granted: number; rejected: number; lost: number };
  /** Starts or ends an outage: the connections of token requests are closed without a response. */
  isDown: boolean;
  readonly handle: Handle;
}

/** Counts and delays the requests to `/token` and passes all requests on. */
export function tokenEndpoint(next: Handle, grantTakesMs: number): TokenEndpoint {
  const counts = { granted: 0, rejected: 0, lost: 0 };
  const endpoint: TokenEndpoint = {
    counts,
    isDown: false,
    async handle(request, response) {
      if (request.url === '/token') {
        if (endpoint.isDown) {
          counts.lost += 1;
          return void request.socket.destroy();
        }
        response.once('finish', () => (counts[response.statusCode === 200 ? 'granted' : 'rejected'] += 1));
        await delay(grantTakesMs);
      }
      await next(request, response);
    },
  };
  return endpoint;
}
