import axios from 'axios';
import { createAuthRefresh } from 'axios-auth-refresh';

export const about = {
  name: 'axios-auth-refresh',
  package: 'axios-auth-refresh',
  docs: 'https://github.com/Flyrell/axios-auth-refresh#usage',
  client: 'axios',
  sends: true,
  offers: ['any-server', 'coalescing', 'resend'],
};

// It never looks at the expiry: the API's 401 is the sign to get a token, also the first one.
export function createSubject({ tokenEndpoint, apiOrigin, clientId, secret, agent }) {
  const api = axios.create({ baseURL: apiOrigin, httpAgent: agent });
  const clientSecret = secret();
  let token;

  api.interceptors.request.use((config) => {
    if (token !== undefined) config.headers.Authorization = `Bearer ${token}`;
    return config;
  });
  createAuthRefresh(api, async (failedRequest) => {
    const body = new URLSearchParams({
      grant_type: 'client_credentials',
      client_id: clientId,
      client_secret: clientSecret,
    });
    const { data } = await axios.post(tokenEndpoint, body);
    token = data.access_token;
    failedRequest.response.config.headers.Authorization = `Bearer ${token}`;
  });

  return { request: (path, { body, ...options } = {}) => api.request({ url: path, data: body, ...options }) };
}
