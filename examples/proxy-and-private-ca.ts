// The authorization server is reached through a proxy and has a certificate of the company's own authority: both are for the option
// `fetch`, with undici, a package of your own. Run it with OAUTH_ISSUER, CLIENT_SECRET, PROXY_URL and CA_FILE set:
// npx tsx examples/proxy-and-private-ca.ts
import { readFileSync } from 'node:fs';

import { createTokenService } from 'm2m-tokens';
import { fetch, ProxyAgent } from 'undici';

const dispatcher = new ProxyAgent({
  uri: process.env.PROXY_URL ?? 'http://proxy.example.com:3128',
  // Without a proxy: new Agent({ connect: { ca } }), or the variable NODE_EXTRA_CA_CERTS and no `fetch` at all.
  requestTls: { ca: readFileSync(process.env.CA_FILE ?? '/etc/ssl/company-ca.pem', 'utf8') },
});

const tokens = createTokenService({
  issuer: process.env.OAUTH_ISSUER ?? 'https://auth.example.com',
  clientId: 'orders-service',
  clientSecret: process.env.CLIENT_SECRET!,
  scope: 'orders:read',
  // undici's own fetch: the one of Node may be another version than the agent.
  fetch: ((url: string, init: object) => fetch(url, { ...init, dispatcher })) as typeof globalThis.fetch,
});

const { type, scope } = await tokens.getToken();
console.log(type, scope);
await dispatcher.close();
