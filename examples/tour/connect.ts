import axios, { type AxiosInstance } from 'axios';
import { createTokenService, type EventSink } from 'm2m-tokens';
import { bearerToken } from 'm2m-tokens/axios';

import { observed, type ObservedTokens } from './observed-tokens.js';
import type { Client } from './post-token.js';

/** The connection of a service to the API. */
export interface Connection {
  readonly tokens: ObservedTokens;
  readonly orders: AxiosInstance;
}

/** Creates a token service and adds it to an axios instance, as each service does. */
export function connect(
  { id, secret }: Client,
  { issuer, baseURL, onEvent }: { readonly issuer: string; readonly baseURL: string; readonly onEvent: EventSink },
): Connection {
  const options = { issuer, clientId: id, clientSecret: secret, scope: 'orders:read orders:write' };
  const tokens = observed((count) =>
    createTokenService({
      ...options,
      onEvent: (event) => {
        count(event);
        onEvent(event);
      },
    }),
  );
  // No proxy: the API is on this machine.
  const orders = axios.create({ baseURL, proxy: false, timeout: 10_000 });
  orders.interceptors.request.use(bearerToken(tokens, { onEvent }));
  return { tokens, orders };
}
