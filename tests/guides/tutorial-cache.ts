// Do not copy this: it has each of the faults below.
import axios from 'axios';

export function tutorialClient(tokenUrl: string, clientId: string, clientSecret: string, apiUrl: string) {
  let token: string | undefined;
  let expiresAt = 0;

  async function getToken(): Promise<string | undefined> {
    if (token !== undefined && Date.now() < expiresAt) return token;
    const form = { grant_type: 'client_credentials', client_id: clientId, client_secret: clientSecret };
    const { data } = await axios.post(tokenUrl, new URLSearchParams(form));
    token = data.access_token;
    expiresAt = Date.now() + data.expires_in * 1000;
    return token;
  }

  const api = axios.create({ baseURL: apiUrl });
  api.interceptors.request.use(async (config) => {
    config.headers.set('Authorization', `Bearer ${await getToken()}`);
    return config;
  });
  return api;
}
