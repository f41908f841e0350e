import axios, { isAxiosError } from 'axios';
import { isTokenError, type TokenEvent, tokenServiceFromEnvironment } from 'm2m-tokens';
import { bearerToken } from 'm2m-tokens/axios';

import { adviceFor, tokenAdvice } from './advice.js';

type Environment = Readonly<Record<string, string | undefined>>;

/** Whether the environment names an API to call. */
export function namesApi({ API_URL }: Environment): boolean {
  return Boolean(API_URL);
}

/** Calls `API_URL` with a token from the authorization server that the environment names; returns whether that succeeded. */
export async function callOwnServers(environment: Environment): Promise<boolean> {
  const { API_URL = '' } = environment;
  try {
    if (!URL.canParse(API_URL)) return fail('API_URL is not a URL', 'set it to the URL of a GET request');
    const tokens = tokenServiceFromEnvironment({ onEvent: printGrant }, environment);
    const api = axios.create({ timeout: 10_000, validateStatus: () => true });
    api.interceptors.request.use(bearerToken(tokens, { origins: [new URL(API_URL).origin] }));

    const { status, statusText } = await api.get<unknown>(API_URL);

    const { origin, pathname } = new URL(API_URL);
    const result = `${status} ${statusText}`.trim();
    if (status < 200 || status > 299)
      return fail(`GET ${origin}${pathname} responded with ${result}`, adviceFor(status));
    console.log(`response: ${result} to GET ${origin}${pathname}`);
    return true;
  } catch (error) {
    if (isTokenError(error)) return fail(`${error.code}: ${error.message}`, tokenAdvice[error.code]);
    if (isAxiosError(error)) {
      return fail(`the API sent no response (${error.code})`, 'check API_URL, DNS, proxy and firewall');
    }
    throw error;
  }
}

function printGrant(event: TokenEvent): void {
  if (event.type !== 'grant.succeeded') return;
  const { authorizationServer, lifetimeMs, durationMs, scope = 'none' } = event;
  console.log(`grant: a token for ${lifetimeMs / 1_000} s from ${authorizationServer}`);
  console.log(`       scope: ${scope}; it took ${Math.round(durationMs)} ms`);
}

function fail(message: string, advice: string): false {
  console.error(`✗ ${message}`);
  console.error(`  ${advice}`);
  return false;
}
