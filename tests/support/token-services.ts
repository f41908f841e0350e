import type { TokenServiceOptions } from '../../src/service/options.js';

/** The options of one tenant, whose authorization server answers in this process: `acme-1`, `acme-2` and so on. */
export function tenantOptions(tenant: string, options: Partial<TokenServiceOptions> = {}): TokenServiceOptions {
  return {
    tokenEndpoint: 'https://auth.example.com/token',
    clientId: `client-of-${tenant}`,
    clientSecret: `s3cret-of-${tenant}`,
    retry: { retries: 0 },
    fetch: tenantTokenEndpoint(),
    ...options,
  };
}

/** A token endpoint that tells the tenants apart by their credentials, and numbers the tokens of each. */
export function tenantTokenEndpoint(): typeof fetch {
  const granted = new Map<string, number>();
  return async (_url, init) => {
    const credentials = new Headers(init?.headers).get('authorization') ?? '';
    const [, tenant = 'nobody'] =
      /^client-of-(.+):/.exec(Buffer.from(credentials.slice('Basic '.length), 'base64').toString()) ?? [];
    const number = (granted.get(tenant) ?? 0) + 1;
    granted.set(tenant, number);
    return Response.json({ access_token: `${tenant}-${number}`, token_type: 'Bearer', expires_in: 3600 });
  };
}
