import {
  asClientAuthentication,
  authenticatorOf,
  type ClientAuthentication,
} from '../../../authentication/client-authentication.js';
import type { Clock } from '../../../core/clock.js';
import { parseObject } from '../../../core/json.js';

/** The recorded facts of a response, without its body. */
export interface RecordedResponse {
  /** The header `Date`. */
  readonly date: string | null;
  /** When the request was sent: milliseconds since the epoch. */
  readonly sentAt: number;
  /** When the response arrived: milliseconds since the epoch. */
  readonly receivedAt: number;
  /** Whether the body has `expires_in`. */
  readonly hasLifetime: boolean;
  /** Whether the body names the granted scope. */
  readonly hasScope: boolean;
}

/** Records the responses of the authorization server. */
export interface ResponseRecorder {
  readonly fetch: typeof fetch;
  /** Returns a client authentication that also records the responses to its own `fetch`, which mutual TLS has. */
  readonly record: (authentication: ClientAuthentication) => ClientAuthentication;
  readonly responses: readonly RecordedResponse[];
}

/** Makes a {@link ResponseRecorder}. */
export function responseRecorder(clock: Clock): ResponseRecorder {
  const responses: RecordedResponse[] = [];

  const recorded =
    (fetch: typeof globalThis.fetch): typeof globalThis.fetch =>
    async (input, init) => {
      const sentAt = clock.now();
      const response = await fetch(input, init);
      const receivedAt = clock.now();
      const isJson = response.headers.get('content-type')?.includes('json') === true;
      // The clone is read to its end; otherwise it would block the response.
      const members = isJson ? parseObject(await response.clone().text()) : undefined;
      const hasLifetime = members?.['expires_in'] !== undefined;
      const hasScope = typeof members?.['scope'] === 'string' && members['scope'] !== '';
      responses.push({ date: response.headers.get('date'), sentAt, receivedAt, hasLifetime, hasScope });
      return response;
    };

  return {
    responses,
    fetch: recorded((input, init) => fetch(input, init)),
    record(authentication) {
      const authenticator = authenticatorOf(authentication);
      return asClientAuthentication({
        ...authenticator,
        async prepare(...args) {
          const prepared = await authenticator.prepare(...args);
          return prepared.fetch === undefined ? prepared : { ...prepared, fetch: recorded(prepared.fetch) };
        },
      });
    },
  };
}
