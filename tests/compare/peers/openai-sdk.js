import OpenAI from 'openai';

export const about = {
  name: 'OpenAI SDK',
  package: 'openai',
  docs: 'https://github.com/openai/openai-node#workload-identity-authentication',
  client: 'fetch',
  sends: true,
  offers: ['coalescing', 'early-renewal', 'outage', 'resend', 'rotation', 'abort'],
};

// The URL of its token endpoint is fixed: the option `fetch` sends these requests to loopback.
export function createSubject({ tokenEndpoint, apiOrigin, secret, timeoutMs }) {
  const client = new OpenAI({
    baseURL: apiOrigin,
    workloadIdentity: {
      identityProviderId: 'provider',
      serviceAccountId: 'account',
      provider: { tokenType: 'jwt', getToken: async () => secret() },
    },
    fetch: (url, init) => fetch(url === 'https://auth.openai.com/oauth/token' ? tokenEndpoint : url, init),
    ...(timeoutMs && { timeout: timeoutMs }),
  });

  const request = async (path, { method = 'get', ...options } = {}) =>
    client[method.toLowerCase()](path, options).asResponse();
  return { request };
}
