import type { ClientAuthentication } from '../../../authentication/client-authentication.js';
import type { Clock } from '../../../core/clock.js';
import { parseObject } from '../../../core/json.js';

/** What is kept of a reply: nothing of its body but whether it says a lifetime. */
export interface SeenReply {
  readonly url: string;
  readonly status: number;
  /** The field `Date`. */
  readonly date: string | null;
  /** Milliseconds since the epoch. */
  readonly sentAt: number;
  readonly receivedAt: number;
  readonly saysLifetime: boolean;
}

/** Remembers the replies. */
export interface Witness {
  readonly fetch: typeof fetch;
  /** The same authentication; with mutual TLS it does not use the fetch that others use. */
  readonly watched: (authentication: ClientAuthentication) => ClientAuthentication;
  readonly replies: readonly SeenReply[];
}

/** Makes a witness of the requests to the authorization server. */
export function witness(clock: Clock): Witness {
  const replies: SeenReply[] = [];

  const watch =
    (fetch: typeof globalThis.fetch): typeof globalThis.fetch =>
    async (input, init) => {
      const sentAt = clock.now();
      const reply = await fetch(input, init);
      const receivedAt = clock.now();
      const { url, status, headers } = reply;
      const isJson = headers.get('content-type')?.includes('json') === true;
      // A copy that nobody reads to its end would hold the answer up.
      const members = isJson ? parseObject(await reply.clone().text()) : undefined;
      const saysLifetime = members?.['expires_in'] !== undefined;
      replies.push({ url, status, date: headers.get('date'), sentAt, receivedAt, saysLifetime });
      return reply;
    };

  return {
    replies,
    fetch: watch((input, init) => fetch(input, init)),
    watched: (authentication) => ({
      ...authentication,
      async prepare(...request) {
        const prepared = await authentication.prepare(...request);
        return prepared.fetch === undefined ? prepared : { ...prepared, fetch: watch(prepared.fetch) };
      },
    }),
  };
}
