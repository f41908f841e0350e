import { builtPackage } from './built-package.js';
import { bytesPerCall } from './heap.js';
import { type Contender, pairedRounds } from './paired-rounds.js';
import type { Result } from './result.js';
import { tokenEndpointInProcess } from './token-endpoint.js';

/** A token that is already there, against the few lines that people write by hand. */
export async function cachedToken(): Promise<Result[]> {
  const { createTokenService } = await builtPackage();
  const tokens = createTokenService(tokenEndpointInProcess());
  const handWritten = handWrittenTokens();
  const request = Object.freeze({ scope: 'orders:read' });
  const otherRequest = Object.freeze({ scope: 'orders:write' });
  const options = { signal: new AbortController().signal };

  // Each has a loop of its own, so that one does not spoil what the engine has learnt of the other.
  const ours: Contender = async (calls) => {
    for (let call = 0; call < calls; call += 1) await tokens.getToken();
  };
  const other: Contender = async (calls) => {
    for (let call = 0; call < calls; call += 1) await handWritten();
  };
  const repeatedRequest: Contender = async (calls) => {
    for (let call = 0; call < calls; call += 1) await tokens.getToken(request);
  };
  const twoRequests: Contender = async (calls) => {
    for (let call = 0; call < calls; call += 1) await tokens.getToken(call % 2 === 0 ? request : otherRequest);
  };
  const withSignal: Contender = async (calls) => {
    for (let call = 0; call < calls; call += 1) await tokens.getToken(undefined, options);
  };

  const rounds = { calls: 2_000, rounds: 1_001, warmUpRounds: 100 };
  const plain = await pairedRounds({ ours, other, ...rounds });
  const bytes = { ours: await bytesPerCall(ours, 10_000), other: await bytesPerCall(other, 10_000) };
  const repeated = await pairedRounds({ ours: repeatedRequest, other, ...rounds });
  const inTurn = await pairedRounds({ ours: twoRequests, other, ...rounds });
  const abortable = await pairedRounds({ ours: withSignal, other, ...rounds });

  return [
    { name: 'cached token / by hand', unit: 'ns', ...plain, target: { of: 'ratio', atMost: 1.3 } },
    {
      name: 'cached token / by hand: memory',
      unit: 'bytes',
      ...bytes,
      ratio: bytes.ours / bytes.other,
      target: { of: 'ours', atMost: 300 },
    },
    { name: 'cached token, repeated request / by hand', unit: 'ns', ...repeated },
    { name: 'cached token, two requests in turn / by hand', unit: 'ns', ...inTurn },
    { name: 'cached token, with a signal / by hand', unit: 'ns', ...abortable },
  ];
}

function handWrittenTokens(): () => Promise<string> {
  let token: string | undefined;
  let expiresAt = 0;

  return async () => {
    if (token !== undefined && Date.now() < expiresAt) return token;
    const granted = await Promise.resolve({ access_token: 'token', expires_in: 3600 });
    token = granted.access_token;
    expiresAt = Date.now() + granted.expires_in * 1_000;
    return token;
  };
}
