import { builtPackage } from './built-package.js';
import { type Contender, pairedRounds } from './paired-rounds.js';
import type { Result } from './result.js';
import { tokenEndpointInProcess } from './token-endpoint.js';

const scopes = Array.from({ length: 5_000 }, (_, number) => `orders:read tenant:${number}`);
const audience = 'https://api.example.com';

/** Compares cached tokens of 5,000 scopes in turn, each with a new token request object, with a map by scope. */
export async function tokenRequests(): Promise<Result[]> {
  const { createTokenService } = await builtPackage();
  const tokens = createTokenService({
    ...tokenEndpointInProcess(),
    scope: 'default',
    cache: { maxTokens: 2 * scopes.length },
  });
  const map = new Map<string, { readonly value: string; readonly expiresAt: number }>();
  for (const scope of scopes) {
    const { value } = await tokens.getToken({ scope });
    await tokens.getToken({ scope, audience });
    map.set(scope, { value, expiresAt: Date.now() + 3_600_000 });
  }

  const other = inTurn((scope) => {
    const entry = map.get(scope);
    return entry !== undefined && Date.now() < entry.expiresAt ? entry.value : undefined;
  });
  const compare = async (name: string, atMost: number, ours: Contender): Promise<Result> => ({
    name: `${name} / map by hand`,
    unit: 'ns',
    ...(await pairedRounds({ ours, other, calls: 20_000, rounds: 21, warmUpRounds: 6 })),
    target: { of: 'ratio', atMost },
  });

  return [
    await compare(
      'cached token by scope',
      2,
      inTurn((scope) => tokens.getToken({ scope })),
    ),
    await compare(
      'cached token by scope and audience',
      4,
      inTurn((scope) => tokens.getToken({ scope, audience })),
    ),
  ];
}

const inTurn =
  (getToken: (scope: string) => unknown): Contender =>
  async (calls) => {
    for (let call = 0; call < calls; call += 1) await getToken(scopes[call % scopes.length] as string);
  };
