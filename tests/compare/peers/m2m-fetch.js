import { createTokenService } from 'm2m-tokens';
import { withBearerToken } from 'm2m-tokens/fetch';

export const about = {
  name: 'm2m-tokens, fetch',
  package: 'm2m-tokens',
  docs: 'README.md',
  client: 'fetch',
  sends: true,
  offers: [
    'any-server',
    'coalescing',
    'early-renewal',
    'outage',
    'spacing',
    'retries',
    'retry-after',
    'deadline',
    'resend',
    'abort',
    'rotation',
  ],
};

export function createSubject({ tokenEndpoint, apiOrigin, clientId, secret, timeoutMs }) {
  const tokens = createTokenService({
    tokenEndpoint,
    clientId,
    clientSecret: secret,
    ...(timeoutMs && { timeoutMs, retry: { deadlineMs: 2 * timeoutMs } }),
  });
  const send = withBearerToken(fetch, tokens, { origins: [apiOrigin] });

  return {
    getToken: async ({ signal } = {}) => (await tokens.getToken({}, { signal })).value,
    request: (path, options) => send(apiOrigin + path, options),
  };
}
