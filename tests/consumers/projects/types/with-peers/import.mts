import { metrics, trace } from '@opentelemetry/api';
import axios from 'axios';
import { AccessToken, createTokenService, memoryStore, TokenError, type TokenService } from 'm2m-tokens';
import { bearerToken } from 'm2m-tokens/axios';
import { withBearerToken } from 'm2m-tokens/fetch';
import { observeTokens } from 'm2m-tokens/opentelemetry';
import { bearerTokenInterceptor } from 'm2m-tokens/undici';
import { pino } from 'pino';
import { Agent, request } from 'undici';

const options = { issuer: 'https://as.example', clientId: 'orders', clientSecret: 'secret' };
const tokens: TokenService = createTokenService({ ...options, store: memoryStore(), logger: pino() });

const instance = axios.create({ baseURL: 'https://api.example' });
instance.interceptors.request.use(bearerToken(tokens));

const origins = ['https://api.example'];
const authorizedFetch = withBearerToken(fetch, tokens, { origins });
const dispatcher = new Agent().compose(bearerTokenInterceptor(tokens, { origins }));

const providers = { meterProvider: metrics.getMeterProvider(), tracerProvider: trace.getTracerProvider() };
export const stopObserving: () => void = observeTokens(tokens, providers);

export async function calls(): Promise<string | undefined> {
  try {
    const token: AccessToken = await tokens.getToken();
    await instance.get('/orders', { tokenRequest: { scope: 'orders.read' } });
    await instance.get('/health', { tokenRequest: false });
    await authorizedFetch('https://api.example/orders', { method: 'GET', tokenRequest: false });
    await request('https://api.example/orders', { dispatcher, tokenRequest: { scope: 'orders.read' } });
    return token.value;
  } catch (error) {
    return error instanceof TokenError ? error.code : undefined;
  }
}

// @ts-expect-error: the declarations are found, so a wrong option is an error
createTokenService({ ...options, clientId: 1 });
