import { isStream } from '../../src/adapters/body.js';
import { withBearerToken } from '../../src/adapters/fetch/index.js';
import type { ClientSetup, HttpClient, OutgoingRequest } from '../contracts/adapter.js';

type FetchArguments = Parameters<ReturnType<typeof withBearerToken>>;

/** A `fetch` as a client for the contract of adapters. `arguments_` makes the arguments of each call. */
export function fetchClient(
  arguments_: (url: string, init: FetchArguments[1]) => FetchArguments,
  inner: typeof fetch = fetch,
) {
  return ({ tokens, origin, named, ...options }: ClientSetup): HttpClient => {
    const serviceOf = (url: string): string => named?.serviceOf(new URL(url).pathname) ?? '';
    const authorizedFetch =
      named === undefined
        ? withBearerToken(inner, tokens, { origins: [origin], ...options })
        : withBearerToken(inner, named.services, { origins: [origin], ...options, serviceOf });
    return {
      async send(request) {
        const reply = await authorizedFetch(...arguments_(new URL(request.url, origin).href, initOf(request)));
        return { status: reply.status, body: await reply.text() };
      },
    };
  };
}

function initOf({ body, ...init }: OutgoingRequest): NonNullable<FetchArguments[1]> {
  if (body === undefined) return init;
  return { ...init, body: body as BodyInit, ...(isStream(body) && { duplex: 'half' }) };
}

type BodyInit = NonNullable<RequestInit['body']>;
