import axios, { type AxiosInstance } from 'axios';
import { createTokenService, type EventSink } from 'm2m-tokens';
import { bearerToken } from 'm2m-tokens/axios';

import type { Client } from './post-token.js';
import { timed, type TimedTokens } from './timed-tokens.js';

/** The connection of a service to the API. */
export interface Connection {
  readonly tokens: TimedTokens;
  readonly orders: AxiosInstance;
}

/** Creates a token service and adds it to an axios instance, as each service does. */
export function connect(
  { id, secret }: Client,
  { issuer, baseURL, onEvent }: { readonly issuer: string; readonly baseURL: string; readonly onEvent: EventSink },
): Connection {
  const tokens = timed(
    createTokenService({ issuer, clientId: id, clientSecret: secret, scope: 'orders:read orders:write', onEvent }),
  );
  // No proxy: the API is on this machine.
  const orders = axios.create({ baseURL, proxy: false, timeout: 10_000 });
  orders.interceptors.request.use(bearerToken(tokens, { onEvent }));
  return { tokens, orders };
}
