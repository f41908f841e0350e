import axios from 'axios';
import { createTokenService } from 'm2m-tokens';
import { bearerToken } from 'm2m-tokens/axios';

import { about as sameService } from './m2m-fetch.js';

export const about = { ...sameService, name: 'm2m-tokens, axios', client: 'axios' };

export function createSubject({ tokenEndpoint, apiOrigin, clientId, secret, timeoutMs, agent }) {
  const tokens = createTokenService({
    tokenEndpoint,
    clientId,
    clientSecret: secret,
    ...(timeoutMs && { timeoutMs, retry: { deadlineMs: 2 * timeoutMs } }),
  });
  const api = axios.create({ baseURL: apiOrigin, httpAgent: agent });
  api.interceptors.request.use(bearerToken(tokens));

  return { request: (path, { body, ...options } = {}) => api.request({ url: path, data: body, ...options }) };
}
