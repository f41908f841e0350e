import { builtPackage } from './built-package.js';
import { bytesPerCall } from './heap.js';
import { type Contender, pairedRounds } from './paired-rounds.js';
import type { Result } from './result.js';
import { tokenByHand } from './token-by-hand.js';
import { tokenEndpointInProcess } from './token-endpoint.js';

/** Compares `getToken` for a cached token with handwritten code. */
export async function cachedToken(): Promise<Result[]> {
  const { createTokenService } = await builtPackage();
  const tokens = createTokenService(tokenEndpointInProcess());
  const getTokenByHand = tokenByHand('token');

  // Two loops, because the engine optimises a loop for the function that it calls.
  const ours: Contender = async (calls) => {
    for (let call = 0; call < calls; call += 1) await tokens.getToken();
  };
  const other: Contender = async (calls) => {
    for (let call = 0; call < calls; call += 1) await getTokenByHand();
  };

  const comparison = await pairedRounds({ ours, other, calls: 2_000, rounds: 1_001, warmUpRounds: 100 });
  const bytes = { ours: await bytesPerCall(ours, 10_000), other: await bytesPerCall(other, 10_000) };

  return [
    { name: 'cached token / by hand', unit: 'ns', ...comparison, target: { of: 'ratio', atMost: 1 } },
    {
      name: 'cached token / by hand: memory',
      unit: 'bytes',
      ...bytes,
      ratio: bytes.ours / bytes.other,
      target: { of: 'ours', atMost: 300 },
    },
  ];
}

/** Compares `getToken` for a cached token of a chain of three token services with that of one token service. */
export async function chainOfThree(): Promise<Result[]> {
  const { createTokenService, jwtBearer, tokenExchange } = await builtPackage();
  const single = createTokenService(tokenEndpointInProcess());
  const [first, second, third] = [tokenEndpointInProcess(), tokenEndpointInProcess(), tokenEndpointInProcess()];
  const middle = createTokenService({ ...second, grant: jwtBearer({ assertion: createTokenService(first) }) });
  const grant = tokenExchange({ subjectToken: middle, subjectTokenType: 'access_token' });
  const chain = createTokenService({ ...third, grant });

  const ours: Contender = async (calls) => {
    for (let call = 0; call < calls; call += 1) await chain.getToken();
  };
  const other: Contender = async (calls) => {
    for (let call = 0; call < calls; call += 1) await single.getToken();
  };

  const comparison = await pairedRounds({ ours, other, calls: 2_000, rounds: 1_001, warmUpRounds: 100 });
  return [
    {
      name: 'cached token of a chain of three / of one',
      unit: 'ns',
      ...comparison,
      target: { of: 'ratio', atMost: 1.1 },
    },
  ];
}
