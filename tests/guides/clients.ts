import { setImmediate } from 'node:timers/promises';

import { jest } from '@jest/globals';
import axios, { type AxiosInstance } from 'axios';
import { createTokenService } from 'm2m-tokens';
import { bearerToken } from 'm2m-tokens/axios';

import { type ScriptedAuthorizationServer, startAuthorizationServer } from '../support/authorization-server.js';
import { cleanUp } from '../support/clean-up.js';
import { startResourceServer, type ScriptedResourceServer } from '../support/resource-server.js';
import { tutorialClient } from './tutorial-cache.js';

/** The two clients of the guide. */
export const clientNames = ['tutorial', 'm2m-tokens'] as const;
export type ClientName = (typeof clientNames)[number];

/** One of the clients, and the servers that it calls. */
export interface Surroundings {
  readonly server: ScriptedAuthorizationServer;
  readonly api: ScriptedResourceServer;
  readonly client: AxiosInstance;
  /** The time since the start, in seconds. */
  readonly seconds: () => number;
  /** Calls the API at each of these seconds. Returns the number of calls that failed. */
  readonly callAt: (seconds: Iterable<number>) => Promise<number>;
  /** Sets the secret that the client reads. */
  readonly setSecret: (value: string) => void;
}

export const firstSecret = 'first-secret-of-the-client';

/** Starts both servers and one of the clients. Time moves only by `callAt`. */
export async function startClient(name: ClientName): Promise<Surroundings> {
  const start = Date.UTC(2026, 0, 1);
  let now = start;
  const time = jest.spyOn(Date, 'now').mockImplementation(() => now);
  cleanUp(() => time.mockRestore());

  const [server, api] = [await startAuthorizationServer(), await startResourceServer()];
  let secret = firstSecret;
  const clients: Record<ClientName, () => AxiosInstance> = {
    tutorial: () => tutorialClient(server.tokenEndpoint, 'orders', secret, api.origin),
    'm2m-tokens': () => {
      const client = axios.create({ baseURL: api.origin });
      const clock = { now: () => now, monotonic: () => now - start, sleep: () => setImmediate() };
      const options = { tokenEndpoint: server.tokenEndpoint, clientId: 'orders', clientSecret: () => secret, clock };
      client.interceptors.request.use(bearerToken(createTokenService({ ...options, random: () => 0.5 })));
      return client;
    },
  };
  const client = clients[name]();

  return {
    server,
    api,
    client,
    seconds: () => (now - start) / 1_000,
    async callAt(seconds) {
      let failures = 0;
      for (const second of seconds) {
        now = start + second * 1_000;
        await client.get('/orders').catch(() => (failures += 1));
        await setImmediate();
      }
      return failures;
    },
    setSecret(value) {
      secret = value;
    },
  };
}

/** The seconds from `first` to `last`, without `last`. */
export function* every(step: number, first: number, last: number): Generator<number> {
  for (let second = first; second < last; second += step) yield second;
}
