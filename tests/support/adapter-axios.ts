import axios, { type AxiosAdapter, type AxiosInstance, type AxiosRequestConfig } from 'axios';

import { bearerToken, type BearerTokenOptions } from '../../src/adapters/axios/index.js';
import { startSurroundings, type Surroundings } from './adapter-service.js';

/** Starts both servers, and makes an axios instance that sends tokens to the API. */
export async function startAxios(
  options: BearerTokenOptions = {},
  config: AxiosRequestConfig = {},
): Promise<Surroundings & { readonly instance: AxiosInstance }> {
  const surroundings = await startSurroundings();
  const { tokens, api, onEvent } = surroundings;
  const instance = axios.create({ baseURL: api.origin, ...config });
  instance.interceptors.request.use(bearerToken(tokens, { onEvent, ...options }));
  return { ...surroundings, instance };
}

/**
 * An axios adapter that sends nothing. `sent` records the requests that it got, and the origin that axios would connect
 * to.
 */
export interface RecordingAdapter extends AxiosAdapter {
  readonly sent: readonly { readonly authorization: string | undefined; readonly origin: string | undefined }[];
}

/** Makes an adapter that responds to every request with 200. */
export function recordingAdapter(): RecordingAdapter {
  const sent: { authorization: string | undefined; origin: string | undefined }[] = [];
  const adapter: AxiosAdapter = (config) => {
    sent.push({
      authorization: config.headers.get('Authorization')?.toString(),
      origin: connectsTo(config),
    });
    return Promise.resolve({ data: '', status: 200, statusText: 'OK', headers: {}, config });
  };
  return Object.assign(adapter, { sent });
}

/** The origin that axios connects to; `undefined` if axios does not accept the URL. */
export function connectsTo(config: AxiosRequestConfig): string | undefined {
  try {
    return new URL(new axios.Axios({}).getUri(config)).origin;
  } catch {
    return undefined;
  }
}
