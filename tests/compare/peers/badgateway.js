import { OAuth2Client, OAuth2Fetch } from '@badgateway/oauth2-client';

export const about = {
  name: '@badgateway',
  package: '@badgateway/oauth2-client',
  docs: 'https://github.com/badgateway/oauth2-client#fetch-wrapper',
  client: 'fetch',
  sends: true,
  offers: ['any-server', 'coalescing', 'resend'],
};

export function createSubject({ tokenEndpoint, apiOrigin, clientId, secret }) {
  const client = new OAuth2Client({ server: apiOrigin, tokenEndpoint, clientId, clientSecret: secret() });
  const wrapper = new OAuth2Fetch({ client, getNewToken: () => client.clientCredentials() });

  return {
    getToken: () => wrapper.getAccessToken(),
    request: (path, options) => wrapper.fetch(apiOrigin + path, options),
  };
}
