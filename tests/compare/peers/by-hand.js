// What tutorials show: the token in a variable, replaced 60 seconds before it expires.
export const about = {
  name: 'by hand',
  docs: 'the interceptor of many tutorials',
  client: 'fetch',
  sends: true,
  offers: [],
};

export function createSubject({ tokenEndpoint, apiOrigin, clientId, secret }) {
  const clientSecret = secret();
  let token;
  let expiresAt = 0;

  async function getToken() {
    if (token !== undefined && Date.now() < expiresAt - 60_000) return token;
    const body = new URLSearchParams({
      grant_type: 'client_credentials',
      client_id: clientId,
      client_secret: clientSecret,
    });
    const response = await fetch(tokenEndpoint, { method: 'POST', body });
    if (!response.ok) throw new Error(`no token: HTTP ${response.status}`);
    const granted = await response.json();
    token = granted.access_token;
    expiresAt = Date.now() + granted.expires_in * 1_000;
    return token;
  }

  const request = async (path, options) =>
    fetch(apiOrigin + path, { ...options, headers: { authorization: `Bearer ${await getToken()}` } });
  return { getToken, request };
}
