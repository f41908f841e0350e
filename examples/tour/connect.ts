import axios, { type AxiosInstance } from 'axios';
import { createTokenService, type TokenService, type TokenServiceOptions } from 'm2m-tokens';
import { bearerToken } from 'm2m-tokens/axios';

/** The connection of a service to the API. */
export interface Connection {
  readonly tokens: TokenService;
  readonly api: AxiosInstance;
}

/** The API, and who is told of each token service before it is used. */
export interface ConnectOptions {
  readonly baseURL: string;
  readonly onTokenService: (tokens: TokenService) => void;
}

/** Creates a token service and adds it to an axios instance, as each service does. */
export function connect(options: TokenServiceOptions, { baseURL, onTokenService }: ConnectOptions): Connection {
  // #region
  const tokens = createTokenService(options); // issuer, client, secret
  const api = axios.create({ baseURL });
  api.interceptors.request.use(bearerToken(tokens));
  // #endregion
  onTokenService(tokens);
  return { tokens, api };
}
