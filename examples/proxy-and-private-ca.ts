// An authorization server behind a proxy, with a certificate of a private CA. Both are options of an agent of undici,
// which your application must install. Run it with OAUTH_ISSUER, CLIENT_SECRET, PROXY_URL and CA_FILE set:
// npx tsx examples/proxy-and-private-ca.ts
import { readFileSync } from 'node:fs';

import { createTokenService } from 'm2m-tokens';
import { fetch, ProxyAgent } from 'undici';

const dispatcher = new ProxyAgent({
  uri: process.env.PROXY_URL ?? 'http://proxy.example.com:3128',
  // Without a proxy: new Agent({ connect: { ca } }), or the variable NODE_EXTRA_CA_CERTS and no option `fetch`.
  requestTls: { ca: readFileSync(process.env.CA_FILE ?? '/etc/ssl/company-ca.pem', 'utf8') },
});

const tokens = createTokenService({
  issuer: process.env.OAUTH_ISSUER ?? 'https://auth.example.com',
  clientId: 'orders-service',
  clientSecret: process.env.CLIENT_SECRET!,
  scope: 'orders:read',
  // The fetch of undici: the built-in fetch of Node.js may need an agent of another undici version.
  fetch: ((url: string, init: object) => fetch(url, { ...init, dispatcher })) as typeof globalThis.fetch,
});

const { type, scope } = await tokens.getToken();
console.log(type, scope);
await dispatcher.close();
