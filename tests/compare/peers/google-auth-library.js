import { IdentityPoolClient } from 'google-auth-library';

export const about = {
  name: 'google-auth-library',
  package: 'google-auth-library',
  docs: 'https://www.npmjs.com/package/google-auth-library#workload-identity-federation',
  client: 'fetch',
  // `forceRefreshOnFailure` renews after a 401 or 403.
  sends: true,
  offers: ['coalescing', 'retries', 'resend', 'rotation'],
};

// Workload identity federation: of its credentials, the one whose token endpoint is an option.
export function createSubject({ tokenEndpoint, apiOrigin, secret }) {
  const client = new IdentityPoolClient({
    type: 'external_account',
    audience: '//iam.googleapis.com/projects/1/locations/global/workloadIdentityPools/pool/providers/provider',
    subject_token_type: 'urn:ietf:params:oauth:token-type:jwt',
    token_url: tokenEndpoint,
    subject_token_supplier: { getSubjectToken: async () => secret() },
    forceRefreshOnFailure: true,
  });

  return {
    getToken: async () => (await client.getAccessToken()).token,
    request: (path, { body, ...options } = {}) => client.request({ url: apiOrigin + path, data: body, ...options }),
  };
}
