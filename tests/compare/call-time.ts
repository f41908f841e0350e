/**
 * Measures the time of a call with a cached token ÷ the same by hand, and sends the ratios to the parent process:
 * `<URL of the subject>`.
 */
import { Agent } from 'node:http';

import { startLoopbackServer } from '../benchmarks/loopback-server.js';
import { type Contender, pairedRounds, repeated } from '../benchmarks/paired-rounds.js';
import { tokenByHand } from '../benchmarks/token-by-hand.js';
import { startTokenEndpoint } from '../benchmarks/token-endpoint.js';
import { bodyOf } from './call.js';
import type { Subject, SubjectModule } from './subject.js';

/** Ratios; absent if the subject does not return tokens, or sends no requests. */
export interface CallTimes {
  readonly cachedToken?: number;
  readonly request?: number;
  readonly requests50?: number;
}

const { about, createSubject } = (await import(process.argv[2] ?? '')) as SubjectModule;
const server = await startLoopbackServer();
const endpoint = await startTokenEndpoint();
const agent = new Agent({ keepAlive: true });
const subject = createSubject({
  tokenEndpoint: endpoint.options.tokenEndpoint,
  apiOrigin: server.origin,
  clientId: 'benchmark',
  secret: () => 'secret',
  secretFile: import.meta.filename,
  agent,
});

const times: CallTimes = {
  ...(subject.getToken && { cachedToken: await cachedToken(subject.getToken) }),
  ...(subject.request && {
    request: await requests(subject.request, 1),
    requests50: await requests(subject.request, 50),
  }),
};
server.close();
process.send?.(times, () => process.exit());

async function cachedToken(getToken: NonNullable<Subject['getToken']>): Promise<number> {
  const byHand = tokenByHand('token');
  // Two loops, because the engine optimises a loop for the function that it calls.
  const ours: Contender = async (calls) => {
    for (let call = 0; call < calls; call += 1) await getToken();
  };
  const other: Contender = async (calls) => {
    for (let call = 0; call < calls; call += 1) await byHand();
  };
  return (await pairedRounds({ ours, other, calls: 200, rounds: 101, warmUpRounds: 30 })).ratio;
}

async function requests(request: NonNullable<Subject['request']>, inFlight: number): Promise<number> {
  const byHand = await requestByHand();
  const ours = async (): Promise<unknown> => bodyOf(await request('/orders/1'));
  const options = { calls: 60, rounds: 15, warmUpRounds: 6 };
  const contenders = { ours: repeated(ours, inFlight), other: repeated(byHand, inFlight) };
  return (await pairedRounds({ ...contenders, ...options })).ratio;
}

async function requestByHand(): Promise<() => Promise<unknown>> {
  const getToken = tokenByHand('token');
  if (about.client === 'fetch') {
    return async () => {
      const headers = { authorization: `Bearer ${await getToken()}` };
      return (await fetch(`${server.origin}/orders/1`, { headers })).json();
    };
  }
  const { default: axios } = await import('axios');
  const api = axios.create({ baseURL: server.origin, httpAgent: agent });
  api.interceptors.request.use(async (config) => {
    config.headers.Authorization = `Bearer ${await getToken()}`;
    return config;
  });
  return () => api.get('/orders/1');
}
