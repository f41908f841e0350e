// The token service of the process, and a fetch that sends its tokens. For server code only.
import { type TokenService, tokenServiceFromEnvironment } from 'm2m-tokens';
import { withBearerToken } from 'm2m-tokens/fetch';

// Next.js loads a module again after a change of a file, and once for each bundle. `globalThis` is the same in all of them.
const shared = globalThis as { tokens?: TokenService };

/** Made on first use: `next build` imports this file without the environment of the service. */
export function tokens(): TokenService {
  return (shared.tokens ??= tokenServiceFromEnvironment());
}

export const apiUrl = process.env.API_URL ?? 'https://api.example.com';

/** Calls the API. `fetch` is the one of Next.js: its option `next` works. */
export function api(path: string, init?: RequestInit): Promise<Response> {
  const send = withBearerToken(fetch, tokens(), { origins: [new URL(apiUrl).origin] });
  return send(`${apiUrl}${path}`, init);
}
