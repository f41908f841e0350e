import { request } from 'undici';

import type { Connection } from './connect.js';
import { otherClients } from './other-clients.js';

/** Makes a GET with axios, `fetch` or undici, each in turn. */
export function threeClients({ tokens, api }: Connection, baseURL: string) {
  const { authorizedFetch, dispatcher } = otherClients(tokens, baseURL);
  const url = `${baseURL}/orders`;
  const clients = [
    () => api.get('/orders'),
    async () => {
      const response = await authorizedFetch(url);
      await response.text();
      return response;
    },
    async () => {
      const { statusCode, body } = await request(url, { dispatcher });
      await body.dump();
      return { status: statusCode };
    },
  ];
  return (number: number) => clients[number % clients.length]!();
}
