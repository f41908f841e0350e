import { metrics, trace } from '@opentelemetry/api';
import axios from 'axios';
import library = require('m2m-tokens');
import axiosEntry = require('m2m-tokens/axios');
import fetchEntry = require('m2m-tokens/fetch');
import telemetryEntry = require('m2m-tokens/opentelemetry');
import undiciEntry = require('m2m-tokens/undici');
import { pino } from 'pino';
import { Agent, request } from 'undici';

const options = { issuer: 'https://as.example', clientId: 'orders', clientSecret: 'secret' };
const store = library.memoryStore();
const tokens: library.TokenService = library.createTokenService({ ...options, store, logger: pino() });

const instance = axios.create({ baseURL: 'https://api.example' });
instance.interceptors.request.use(axiosEntry.bearerToken(tokens));

const origins = ['https://api.example'];
const authorizedFetch = fetchEntry.withBearerToken(fetch, tokens, { origins });
const dispatcher = new Agent().compose(undiciEntry.bearerTokenInterceptor(tokens, { origins }));

const providers = { meterProvider: metrics.getMeterProvider(), tracerProvider: trace.getTracerProvider() };
export const stopObserving: () => void = telemetryEntry.observeTokens(tokens, providers);

export async function calls(): Promise<string | undefined> {
  try {
    const token: library.AccessToken = await tokens.getToken();
    await instance.get('/orders', { tokenRequest: { scope: 'orders.read' } });
    await instance.get('/health', { tokenRequest: false });
    await authorizedFetch('https://api.example/orders', { method: 'GET', tokenRequest: false });
    await request('https://api.example/orders', { dispatcher, tokenRequest: { scope: 'orders.read' } });
    return token.value;
  } catch (error) {
    return error instanceof library.TokenError ? error.code : undefined;
  }
}

// @ts-expect-error: the declarations are found, so a wrong option is an error
library.createTokenService({ ...options, clientId: 1 });
