import axios, { type AxiosRequestConfig, type AxiosResponse, isAxiosError } from 'axios';

import { bearerToken } from '../../src/adapters/axios.js';
import {
  type Abilities,
  adapterContract,
  type ClientSetup,
  dpopAdapterContract,
  type HttpClient,
  type Reply,
} from '../contracts/adapter.js';

const kinds: readonly [name: string, defaults: AxiosRequestConfig, abilities: Abilities][] = [
  ['axios', {}, { streams: ['Node stream'] }],
  ['axios that takes every status for a success', { validateStatus: () => true }, { streams: ['Node stream'] }],
  [
    'axios on fetch',
    { adapter: 'fetch', fetchOptions: { duplex: 'half' } } as object,
    { streams: ['Node stream', 'web stream'], saysWhoAnswered: false },
  ],
];

for (const [name, defaults, abilities] of kinds) {
  adapterContract(name, client(defaults), abilities);
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
      async send({ method = 'GET', url, headers = {}, body, signal, token }) {
        try {
          const optional = {
            ...(body !== undefined && { data: body }),
            ...(signal && { signal }),
            ...(token !== undefined && { token }),
          };
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
