import { ClientCredentials } from 'simple-oauth2';

export const about = {
  name: 'simple-oauth2',
  package: 'simple-oauth2',
  docs: 'https://github.com/lelylan/simple-oauth2#refresh-an-access-token',
  client: 'fetch',
  sends: false,
  offers: ['any-server', 'deadline'],
};

// Its documentation replaces a token 300 seconds before it expires. This grant has no refresh token: it gets another one.
export function createSubject({ tokenEndpoint, clientId, secret, timeoutMs }) {
  const { origin, pathname } = new URL(tokenEndpoint);
  const client = new ClientCredentials({
    client: { id: clientId, secret: secret() },
    auth: { tokenHost: origin, tokenPath: pathname },
    http: timeoutMs ? { timeout: timeoutMs } : {},
  });
  let accessToken;

  const getToken = async () => {
    if (accessToken === undefined || accessToken.expired(300)) accessToken = await client.getToken({});
    return accessToken.token.access_token;
  };
  return { getToken };
}
