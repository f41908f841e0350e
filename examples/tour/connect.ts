import axios, { type AxiosInstance } from 'axios';
import { createTokenService, type EventSink, type TokenService } from 'm2m-tokens';
import { bearerToken } from 'm2m-tokens/axios';

import { observed, type ObservedTokens } from './observed-tokens.js';
import type { Client } from './post-token.js';

/** The connection of a service to the API. */
export interface Connection {
  readonly tokens: ObservedTokens;
  readonly orders: AxiosInstance;
}

/** A client, and the name of its token service in metrics: its identifier, if no name is given. */
export interface NamedClient extends Client {
  readonly name?: string;
}

/** The servers of a {@link Connection}, and the functions that are called for it. */
export interface ConnectOptions {
  readonly issuer: string;
  readonly baseURL: string;
  readonly onEvent: EventSink;
  /** Receives the token service before it is used. */
  readonly onTokenService: (tokens: TokenService) => void;
}

/** Creates a token service and adds it to an axios instance, as each service does. */
export function connect(
  { id, secret, name = id }: NamedClient,
  { issuer, baseURL, onEvent, onTokenService }: ConnectOptions,
): Connection {
  const options = { issuer, name, clientId: id, clientSecret: secret, scope: 'orders:read orders:write' };
  const tokens = observed((count) => {
    const service = createTokenService({
      ...options,
      onEvent: (event) => {
        count(event);
        onEvent(event);
      },
    });
    onTokenService(service);
    return service;
  });
  // No proxy: the API is on this machine.
  const orders = axios.create({ baseURL, proxy: false, timeout: 10_000 });
  orders.interceptors.request.use(bearerToken(tokens));
  return { tokens, orders };
}
