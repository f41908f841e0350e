import axios, { type AxiosAdapter, type AxiosInstance, type AxiosRequestConfig } from 'axios';

import { bearerToken, type BearerTokenOptions } from '../../src/adapters/axios/index.js';
import { startSurroundings, type Surroundings } from './adapter-service.js';

/** An axios instance for the API, with tokens, in its surroundings. */
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

/** An axios adapter that sends nothing: what it would have sent, and to which origin it would have connected. */
export interface RecordingAdapter extends AxiosAdapter {
  readonly sent: readonly { readonly authorization: string | undefined; readonly origin: string | undefined }[];
}

/** An adapter that answers 200 to everything. */
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

/** The origin that axios connects to; `undefined` when it refuses the URL. */
export function connectsTo(config: AxiosRequestConfig): string | undefined {
  try {
    return new URL(new axios.Axios({}).getUri(config)).origin;
  } catch {
    return undefined;
  }
}
