import Anthropic from '@anthropic-ai/sdk';

export const about = {
  name: 'Anthropic SDK',
  package: '@anthropic-ai/sdk',
  docs: 'https://platform.claude.com/docs/en/manage-claude/workload-identity-federation',
  client: 'fetch',
  sends: true,
  offers: ['coalescing', 'early-renewal', 'outage', 'resend', 'rotation', 'abort'],
};

export function createSubject({ tokenEndpoint, apiOrigin, secretFile, timeoutMs }) {
  const client = new Anthropic({
    baseURL: apiOrigin,
    config: {
      // It adds the path of the token endpoint.
      base_url: new URL(tokenEndpoint).origin,
      organization_id: 'organization',
      authentication: {
        type: 'oidc_federation',
        federation_rule_id: 'rule',
        identity_token: { source: 'file', path: secretFile },
      },
    },
    ...(timeoutMs && { timeout: timeoutMs }),
  });

  const request = async (path, { method = 'get', ...options } = {}) =>
    client[method.toLowerCase()](path, options).asResponse();
  return { request };
}
