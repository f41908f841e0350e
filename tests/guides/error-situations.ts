import { createTokenService, fromFile, type TokenErrorCode, type TokenServiceOptions } from 'm2m-tokens';

const json = (status: number, body: object): Response =>
  Response.json(body, { status, headers: { 'content-type': 'application/json' } });

/** Options of a token service whose grant gets this response. */
const answered = (next: () => Response): Partial<TokenServiceOptions> => ({ fetch: async () => next() });

const refusedWith = (error: string, status = 400) => answered(() => json(status, { error }));

const granted = (members: object) =>
  answered(() => json(200, { access_token: 'token', token_type: 'Bearer', ...members }));

const failedWith = (code: string): Partial<TokenServiceOptions> => ({
  fetch: async () => {
    throw Object.assign(new TypeError('fetch failed'), { cause: Object.assign(new Error('reason'), { code }) });
  },
});

const metadataOf = (issuer: string, more: object = {}): Partial<TokenServiceOptions> => ({
  tokenEndpoint: undefined,
  issuer: 'https://auth.example.com',
  ...answered(() => json(200, { issuer, token_endpoint: 'https://auth.example.com/token', ...more })),
});

/** Options, by the code of the error that they cause. The guide quotes the message of each. */
export const situations: Readonly<Record<TokenErrorCode, readonly object[]>> = {
  ERR_GRANT_REJECTED: [
    refusedWith('invalid_client', 401),
    refusedWith('unauthorized_client'),
    refusedWith('invalid_scope'),
    refusedWith('invalid_target'),
    refusedWith('invalid_request'),
    answered(() => new Response('Not found', { status: 404 })),
    answered(() => new Response('', { status: 302, headers: { location: 'https://auth.example.com/token/' } })),
  ],
  ERR_GRANT_UNAVAILABLE: [
    failedWith('ECONNREFUSED'),
    failedWith('UNABLE_TO_VERIFY_LEAF_SIGNATURE'),
    { timeoutMs: 1, fetch: async () => new Promise(() => {}) },
    answered(() => new Response('', { status: 503 })),
    answered(() => new Response('', { status: 429 })),
    { clientSecret: fromFile('/run/secrets/missing') },
  ],
  ERR_TOKEN_RESPONSE: [
    answered(() => new Response('<h1>Sign in</h1>', { headers: { 'content-type': 'text/html' } })),
    answered(() => json(200, {})),
    granted({ token_type: undefined }),
    granted({ expires_in: 'soon' }),
  ],
  ERR_CONFIGURATION: [
    { scopes: 'orders:read' },
    { clientSecret: undefined },
    { tokenEndpoint: 'http://auth.example.com/token' },
    metadataOf('https://auth.example.com', { token_endpoint_auth_methods_supported: ['none'] }),
    {
      tokenEndpoint: undefined,
      issuer: 'https://auth.example.com',
      ...answered(() => new Response('', { status: 404 })),
    },
    metadataOf('https://auth.example.com/'),
    metadataOf('https://login.example.com'),
  ],
};

/** The error of a token service for a client with a scope. */
export async function errorOf(options: object): Promise<unknown> {
  try {
    const tokens = createTokenService({
      tokenEndpoint: 'https://auth.example.com/token',
      clientId: 'orders-service',
      clientSecret: 'secret-of-the-client',
      scope: 'orders:read',
      retry: { retries: 0 },
      ...options,
    });
    await tokens.getToken();
    return undefined;
  } catch (error) {
    return error;
  }
}
