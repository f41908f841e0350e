import axios, { type AxiosRequestConfig, type AxiosResponse, isAxiosError } from 'axios';

import { bearerToken } from '../../src/adapters/axios/index.js';
import type { ClientSetup, HttpClient, Reply } from '../contracts/adapter.js';

/** axios as a client for the contract of adapters. */
export function axiosClient(defaults: AxiosRequestConfig): (setup: ClientSetup) => HttpClient {
  return ({ tokens, origin, named, ...options }) => {
    const instance = axios.create({
      baseURL: origin,
      responseType: 'text',
      transformResponse: (body: unknown) => body,
      ...defaults,
    });
    const serviceOf = ({ url = '' }: AxiosRequestConfig): string => named?.serviceOf(url) ?? '';
    instance.interceptors.request.use(
      named === undefined ? bearerToken(tokens, options) : bearerToken(named.services, { ...options, serviceOf }),
    );

    return {
      async send({ method = 'GET', url, headers = {}, body, signal, tokenRequest }) {
        try {
          const optional = {
            ...(body !== undefined && { data: body }),
            ...(signal && { signal }),
            ...(tokenRequest !== undefined && { tokenRequest }),
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
