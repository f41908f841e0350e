import { generateProof } from 'dpop';

import { instance, requests } from './axios-request.js';
import { builtPackage } from './built-package.js';
import { type Contender, pairedRounds } from './paired-rounds.js';
import type { Result } from './result.js';
import { tokenEndpointInProcess } from './token-endpoint.js';

const rounds = { calls: 20, rounds: 301, warmUpRounds: 50 };

/**
 * An axios request with a token of type DPoP, against one without a token and the signed proof beside it; and, for information,
 * against the bare signature: the package that makes proofs hashes the token and exports the key anew for each.
 */
export async function dpopRequest(): Promise<Result[]> {
  const { bearerToken, createTokenService, dpop } = await builtPackage();
  const tokens = createTokenService({ ...tokenEndpointInProcess({ tokenType: 'DPoP' }), dpop: dpop() });
  const { keyPair, value } = await tokens.getToken();
  if (keyPair === undefined) throw new Error('the token is not bound');

  const intercepted = instance();
  intercepted.interceptors.request.use(bearerToken(tokens));
  const ours = requests(intercepted);
  const url = 'https://api.example.com/v1/orders/1';
  const plain = instance();
  const provenByHand = repeated(async () => {
    await generateProof(keyPair, url, 'GET', undefined, value);
    await plain.get('/orders/1');
  });
  const text = new TextEncoder().encode((await generateProof(keyPair, url, 'GET', undefined, value)).slice(0, -87));
  const algorithm = { name: 'ECDSA', hash: 'SHA-256' };
  const signature = repeated(() => crypto.subtle.sign(algorithm, keyPair.privateKey, text));

  return [
    {
      name: 'axios request with DPoP / no token, and a signed proof',
      unit: 'ns',
      ...(await pairedRounds({ ours, other: provenByHand, ...rounds })),
      target: { of: 'ratio', atMost: 1.1 },
    },
    {
      name: 'axios request with DPoP / the bare signature of its proof',
      unit: 'ns',
      ...(await pairedRounds({ ours, other: signature, ...rounds })),
    },
  ];
}

const repeated =
  (work: () => Promise<unknown>): Contender =>
  async (calls) => {
    for (let call = 0; call < calls; call += 1) await work();
  };
