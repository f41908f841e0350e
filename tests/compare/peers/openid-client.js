import * as client from 'openid-client';

export const about = {
  name: 'openid-client + cache',
  package: 'openid-client',
  docs: 'https://github.com/panva/openid-client#client-credentials-grant',
  client: 'fetch',
  sends: true,
  offers: ['any-server', 'coalescing', 'deadline'],
};

// openid-client keeps no token. The cache by hand does what such caches do: one grant at a time, a margin of 60 seconds.
export function createSubject({ tokenEndpoint, apiOrigin, clientId, secret, timeoutMs }) {
  const server = { issuer: new URL(tokenEndpoint).origin, token_endpoint: tokenEndpoint };
  const config = new client.Configuration(server, clientId, secret());
  client.allowInsecureRequests(config);
  if (timeoutMs) config.timeout = timeoutMs / 1_000;
  let token;
  let expiresAt = 0;
  let underWay;

  async function renew() {
    const granted = await client.clientCredentialsGrant(config);
    token = granted.access_token;
    expiresAt = Date.now() + (granted.expiresIn() ?? 300) * 1_000;
    return token;
  }

  async function getToken() {
    if (token !== undefined && Date.now() < expiresAt - 60_000) return token;
    underWay ??= renew().finally(() => {
      underWay = undefined;
    });
    return underWay;
  }

  const request = async (path, { method = 'GET', body } = {}) =>
    client.fetchProtectedResource(config, await getToken(), new URL(apiOrigin + path), method, body);
  return { getToken, request };
}
