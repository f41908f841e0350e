import {
  bearerTokenAuthenticationPolicy,
  createDefaultHttpClient,
  createPipelineFromOptions,
  createPipelineRequest,
} from '@azure/core-rest-pipeline';

export const about = {
  name: 'Azure policy',
  package: '@azure/core-rest-pipeline',
  docs: 'https://learn.microsoft.com/javascript/api/@azure/core-rest-pipeline/',
  client: 'fetch',
  // Its callback for challenges is documented for special challenges, not for a rejected token.
  sends: true,
  offers: ['any-server', 'coalescing', 'early-renewal', 'outage', 'abort'],
};

// The policy takes any TokenCredential: this one is by hand, since that of Azure asks Entra ID only.
export function createSubject({ tokenEndpoint, apiOrigin, clientId, secret, timeoutMs }) {
  const clientSecret = secret();
  const credential = {
    async getToken(_scopes, { abortSignal } = {}) {
      const body = new URLSearchParams({
        grant_type: 'client_credentials',
        client_id: clientId,
        client_secret: clientSecret,
      });
      const signals = [abortSignal, timeoutMs && AbortSignal.timeout(timeoutMs)].filter(Boolean);
      const response = await fetch(tokenEndpoint, { method: 'POST', body, signal: AbortSignal.any(signals) });
      if (!response.ok) throw new Error(`no token: HTTP ${response.status}`);
      const { access_token: token, expires_in: lifetime } = await response.json();
      return { token, expiresOnTimestamp: Date.now() + (lifetime ?? 300) * 1_000 };
    },
  };
  const pipeline = createPipelineFromOptions({});
  pipeline.addPolicy(bearerTokenAuthenticationPolicy({ credential, scopes: 'api://orders/.default' }));

  // The policy refuses http. The HTTP client below it sends the requests to loopback without TLS.
  const httpClient = createDefaultHttpClient();
  const overHttp = {
    sendRequest(request) {
      request.url = request.url.replace(/^https:/, 'http:');
      request.allowInsecureConnection = true;
      return httpClient.sendRequest(request);
    },
  };
  const request = async (path, { method = 'GET', body, signal } = {}) => {
    const url = apiOrigin.replace(/^http:/, 'https:') + path;
    const sent = createPipelineRequest({ url, method, body, abortSignal: signal });
    const { status, bodyAsText } = await pipeline.sendRequest(overHttp, sent);
    return { status, data: bodyAsText };
  };
  return { request };
}
