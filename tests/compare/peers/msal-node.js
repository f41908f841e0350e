import { ConfidentialClientApplication } from '@azure/msal-node';

// msal-node wants metadata over https. `authorityMetadata` gives them, so that grants go to the server on loopback.
export const about = {
  name: 'msal-node',
  package: '@azure/msal-node',
  docs: 'https://learn.microsoft.com/entra/msal/javascript/node/initialize-confidential-client-application',
  client: 'fetch',
  // `refresh_in` of the response starts the early renewal. Requests are held back after a 429, a 5xx or Retry-After.
  sends: false,
  offers: ['early-renewal', 'outage', 'retry-after', 'spacing'],
};

export function createSubject({ tokenEndpoint, clientId, secret }) {
  const authority = 'https://auth.example.com/tenant';
  const client = new ConfidentialClientApplication({
    auth: {
      clientId,
      clientSecret: secret(),
      authority,
      knownAuthorities: ['auth.example.com'],
      authorityMetadata: JSON.stringify({
        issuer: authority,
        authorization_endpoint: `${authority}/authorize`,
        token_endpoint: tokenEndpoint,
        jwks_uri: `${authority}/keys`,
      }),
    },
    system: { protocolMode: 'OIDC' },
  });

  const getToken = async () => {
    const result = await client.acquireTokenByClientCredential({ scopes: ['api://orders/.default'] });
    return result.accessToken;
  };
  return { getToken };
}
