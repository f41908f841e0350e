import axios, { type AxiosRequestConfig, type AxiosResponse, isAxiosError } from 'axios';

import { bearerToken } from '../../src/adapters/axios.js';
import {
  adapterContract,
  type ClientSetup,
  dpopAdapterContract,
  type HttpClient,
  type Reply,
} from '../contracts/adapter.js';

const kinds: readonly [string, AxiosRequestConfig][] = [
  ['axios', {}],
  ['axios that takes every status for a success', { validateStatus: () => true }],
  ['axios on fetch', { adapter: 'fetch' }],
];

for (const [name, defaults] of kinds) {
  adapterContract(name, client(defaults));
  dpopAdapterContract(name, client(defaults));
}

function client(defaults: AxiosRequestConfig): (setup: ClientSetup) => HttpClient {
  return ({ tokens, origin, onEvent }) => {
    const instance = axios.create({
      baseURL: origin,
      responseType: 'text',
      transformResponse: (body: unknown) => body,
      ...defaults,
    });
    instance.interceptors.request.use(bearerToken(tokens, { onEvent }));

    return {
      async send({ method = 'GET', url, headers = {}, body, signal }) {
        try {
          const optional = { ...(body !== undefined && { data: body }), ...(signal && { signal }) };
          return reply(await instance.request({ method, url, headers, ...optional }));
        } catch (error) {
          if (isAxiosError(error) && error.response !== undefined) return reply(error.response);
          throw error;
        }
      },
    };
  };
}

const reply = ({ status, data }: AxiosResponse): Reply => ({ status, body: String(data ?? '') });
