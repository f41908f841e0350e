import { generateProof } from 'dpop';

import { keptAlive } from './authorized-request.js';
import { builtPackage } from './built-package.js';
import { startLoopbackServer } from './loopback-server.js';
import { pairedRounds, repeated } from './paired-rounds.js';
import type { Result } from './result.js';
import { tokenEndpointInProcess } from './token-endpoint.js';

/** Compares an axios request with a DPoP token with an interceptor that makes the proof by hand. */
export async function dpopRequest(): Promise<Result[]> {
  const { bearerToken, createTokenService, dpop } = await builtPackage();
  const server = await startLoopbackServer();
  const tokens = createTokenService({ ...tokenEndpointInProcess({ tokenType: 'DPoP' }), dpop: dpop() });
  const { authorization, keyPair, value } = await tokens.getToken();
  if (keyPair === undefined) throw new Error('the token is not sender-constrained');

  const { instance, get } = keptAlive(server.origin);
  const ours = instance();
  ours.interceptors.request.use(bearerToken(tokens));
  const byHand = instance();
  byHand.interceptors.request.use(async (config) => {
    config.headers.Authorization = authorization;
    config.headers['DPoP'] = await generateProof(keyPair, `${server.origin}/orders/1`, 'GET', undefined, value);
    return config;
  });

  const comparison = await pairedRounds({
    ours: repeated(get(ours)),
    other: repeated(get(byHand)),
    calls: 50,
    rounds: 101,
    warmUpRounds: 20,
  });
  server.close();
  const name = 'axios with DPoP / an interceptor by hand';
  return [{ name, unit: 'ns', ...comparison, target: { of: 'ratio', atMost: 1.1 } }];
}
