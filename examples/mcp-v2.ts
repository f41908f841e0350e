// A client of an MCP server that runs without a user, with version 2 of the MCP TypeScript SDK. Its `AuthProvider` takes the token and
// reports a 401. With `fetch: withBearerToken(…)`, as in mcp.ts, DPoP tokens work too. Run it with OAUTH_ISSUER, CLIENT_SECRET and
// MCP_URL set: npx tsx examples/mcp-v2.ts
import { type AuthProvider, Client, StreamableHTTPClientTransport } from '@modelcontextprotocol/client';
import { type AccessToken, createTokenService } from 'm2m-tokens';

const serverUrl = process.env.MCP_URL ?? 'https://mcp.example.com/mcp';

const tokens = createTokenService({
  protectedResource: serverUrl,
  issuers: [process.env.OAUTH_ISSUER ?? 'https://auth.example.com'],
  clientId: 'orders-service',
  clientSecret: process.env.CLIENT_SECRET!,
});

let current: AccessToken | undefined;
const authProvider: AuthProvider = {
  async token() {
    current = await tokens.getToken();
    return current.value;
  },
  // The SDK then takes the new token and sends the request once more.
  async onUnauthorized() {
    await tokens.getToken(undefined, { replacing: current });
  },
};

const client = new Client({ name: 'orders', version: '1.0.0' });
await client.connect(new StreamableHTTPClientTransport(new URL(serverUrl), { authProvider }));

const { tools } = await client.listTools();
console.log('tools', tools.map(({ name }) => name).join(', '));
await client.close();
