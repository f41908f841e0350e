import axios, { type AxiosAdapter, type AxiosInstance, type CreateAxiosDefaults } from 'axios';

import { builtPackage } from './built-package.js';
import { type Contender, pairedRounds } from './paired-rounds.js';
import type { Result } from './result.js';
import { tokenEndpointInProcess } from './token-endpoint.js';

/** An axios request with our interceptor, against one with a header that never changes and against one with none. */
export async function axiosRequest(): Promise<Result[]> {
  const { bearerToken, createTokenService } = await builtPackage();
  const tokens = createTokenService(tokenEndpointInProcess());
  const { authorization } = await tokens.getToken();

  const intercepted = instance();
  intercepted.interceptors.request.use(bearerToken(tokens));
  const ours = requests(intercepted);
  const staticHeader = requests(instance({ headers: { Authorization: authorization } }));
  const withoutToken = requests(instance());

  const rounds = { calls: 1_000, rounds: 151, warmUpRounds: 30 };
  return [
    {
      name: 'axios request / static header',
      unit: 'ns',
      ...(await pairedRounds({ ours, other: staticHeader, ...rounds })),
      target: { of: 'ratio', atMost: 1 },
    },
    {
      name: 'axios request / no token',
      unit: 'ns',
      ...(await pairedRounds({ ours, other: withoutToken, ...rounds })),
    },
  ];
}

function instance(defaults: CreateAxiosDefaults = {}): AxiosInstance {
  return axios.create({ baseURL: 'https://api.example.com/v1', adapter: nullTransport, ...defaults });
}

// Answers at once and, like the real one, with a request object.
const nullTransport: AxiosAdapter = async (config) => ({
  data: '{"id":1}',
  status: 200,
  statusText: 'OK',
  headers: { 'content-type': 'application/json' },
  config,
  request: { method: 'GET', protocol: 'https:', host: 'api.example.com', path: '/v1/orders/1', res: {} },
});

function requests(api: AxiosInstance): Contender {
  return async (calls) => {
    for (let call = 0; call < calls; call += 1) await api.get('/orders/1');
  };
}
