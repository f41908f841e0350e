// Fails where code by hand passes: a self-check shows with it that each situation can fail.
export const about = { name: 'careless', docs: 'none', client: 'fetch', sends: true, offers: [] };

export function createSubject({ tokenEndpoint, apiOrigin, clientId, secret }) {
  let token;

  async function getToken() {
    const body = new URLSearchParams({
      grant_type: 'client_credentials',
      client_id: clientId,
      client_secret: secret(),
    });
    const response = await fetch(tokenEndpoint, { method: 'POST', body });
    if (!response.ok) throw Object.assign(new Error('no token'), { request: String(body) });
    token = (await response.json().catch(() => ({}))).access_token;
    return token;
  }

  async function request(path, resends = 1) {
    if (token === undefined) await getToken();
    const authorization = `Bearer ${token}`;
    let response = await fetch(apiOrigin + path, { headers: { authorization }, redirect: 'manual' });
    // A redirect by hand takes the header along.
    const location = response.headers.get('location');
    if (location !== null) response = await fetch(location, { headers: { authorization } });
    if ([401, 403].includes(response.status) && resends > 0) {
      await getToken();
      return request(path, resends - 1);
    }
    if (!response.ok)
      throw Object.assign(new Error(`HTTP ${response.status}`), { status: response.status, authorization });
    return response;
  }
  return { request: (path) => request(path) };
}
