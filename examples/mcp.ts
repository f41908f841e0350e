// A client of an MCP server that runs without a user, with version 1 of the MCP TypeScript SDK. The metadata of the server name its
// authorization server, which gets the secret only if it is in `issuers`. Run it with OAUTH_ISSUER, CLIENT_SECRET and MCP_URL set:
// npx tsx examples/mcp.ts
import { Client } from '@modelcontextprotocol/sdk/client/index.js';
import { StreamableHTTPClientTransport } from '@modelcontextprotocol/sdk/client/streamableHttp.js';
import { createTokenService } from 'm2m-tokens';
import { withBearerToken } from 'm2m-tokens/fetch';

const serverUrl = process.env.MCP_URL ?? 'https://mcp.example.com/mcp';

const tokens = createTokenService({
  protectedResource: serverUrl,
  issuers: [process.env.OAUTH_ISSUER ?? 'https://auth.example.com'],
  clientId: 'orders-service',
  clientSecret: process.env.CLIENT_SECRET!,
});

const transport = new StreamableHTTPClientTransport(new URL(serverUrl), {
  // Without `authProvider`: the SDK would answer a 401 with a sign-in of a user.
  fetch: withBearerToken(fetch, tokens, { origins: [new URL(serverUrl).origin] }),
});
const client = new Client({ name: 'orders', version: '1.0.0' });
await client.connect(transport);

const { tools } = await client.listTools();
console.log('tools', tools.map(({ name }) => name).join(', '));
await client.close();
