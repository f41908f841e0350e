import axios, {
  type AxiosAdapter,
  type AxiosInstance,
  type AxiosInterceptorOptions,
  type CreateAxiosDefaults,
} from 'axios';

import { builtPackage } from './built-package.js';
import { type Contender, pairedRounds } from './paired-rounds.js';
import type { Result } from './result.js';
import { tokenEndpointInProcess } from './token-endpoint.js';

// Rounds short enough that most are not disturbed: a null transport leaves differences of a microsecond.
const rounds = { calls: 50, rounds: 1_001, warmUpRounds: 600 };

/** An axios request with our interceptor, against one with a header that never changes and against one with none. */
export async function axiosRequest(): Promise<Result[]> {
  // axios checks each character of a header that it is given, so the length of the token counts on the other side.
  return [
    await againstStaticHeader('an opaque token', 40),
    // axios waits a few turns more for interceptors that are not said to be synchronous.
    await againstStaticHeader('the same, synchronous', 40, { synchronous: true }),
    await againstStaticHeader('a signed token', 900),
    {
      name: 'axios request / no token',
      unit: 'ns',
      ...(await pairedRounds({ ours: (await contenders(40)).ours, other: requests(instance()), ...rounds })),
    },
  ];
}

async function againstStaticHeader(
  kind: string,
  tokenLength: number,
  options?: AxiosInterceptorOptions,
): Promise<Result> {
  return {
    name: `axios request / static header, ${kind}`,
    unit: 'ns',
    ...(await pairedRounds({ ...(await contenders(tokenLength, options)), ...rounds })),
    target: { of: 'ratio', atMost: 1 },
  };
}

async function contenders(
  tokenLength: number,
  options?: AxiosInterceptorOptions,
): Promise<{ ours: Contender; other: Contender }> {
  const { bearerToken, createTokenService } = await builtPackage();
  const tokens = createTokenService(tokenEndpointInProcess({ tokenLength }));
  const { authorization } = await tokens.getToken();

  const intercepted = instance();
  intercepted.interceptors.request.use(bearerToken(tokens), null, options);
  return { ours: requests(intercepted), other: requests(instance({ headers: { Authorization: authorization } })) };
}

/** An axios instance that sends nothing. */
export function instance(defaults: CreateAxiosDefaults = {}): AxiosInstance {
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

/** Makes so many requests with it. */
export function requests(api: AxiosInstance): Contender {
  return async (calls) => {
    for (let call = 0; call < calls; call += 1) await api.get('/orders/1');
  };
}
