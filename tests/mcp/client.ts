/**
 * The client that the conformance suite of MCP starts for each scenario: it lists the tools of an MCP server. Only the public
 * surface of this package and an MCP SDK are used.
 *
 *     tsx tests/mcp/client.ts <version of the SDK> <URL of the MCP server>
 */
import { Client as ClientV2, StreamableHTTPClientTransport as TransportV2 } from '@modelcontextprotocol/client';
import { Client } from '@modelcontextprotocol/sdk/client/index.js';
import { StreamableHTTPClientTransport } from '@modelcontextprotocol/sdk/client/streamableHttp.js';
import {
  type AccessToken,
  createTokenService,
  jwtBearer,
  privateKeyJwt,
  type TokenService,
  type TokenServiceOptions,
} from 'm2m-tokens';
import { withBearerToken } from 'm2m-tokens/fetch';

/** What a scenario gives to the client. */
interface Context {
  readonly client_id?: string;
  readonly client_secret?: string;
  readonly private_key_pem?: string;
  readonly signing_algorithm?: string;
  readonly valid_jwt?: string;
}

const [version = '1', serverUrl = ''] = process.argv.slice(2);
const context = JSON.parse(process.env['MCP_CONFORMANCE_CONTEXT'] ?? '{}') as Context;
const metadataPath = '/.well-known/oauth-protected-resource';

const requested: string[] = [];
const tokens = createTokenService({
  protectedResource: serverUrl,
  issuers: await issuersOf(serverUrl),
  clientId: context.client_id ?? 'a-client',
  ...credentialsOf(context),
  fetch: async (input, init) => {
    requested.push(new URL(input instanceof Request ? input.url : input).pathname);
    return fetch(input, init);
  },
});

const tools = version === '1' ? await listTools() : await listToolsV2();
// The first request of the metadata was that of `issuersOf`.
if (!requested.some((path) => path.startsWith(metadataPath))) throw new Error('the service requested no metadata');
console.log(JSON.stringify({ tools, authorizationServer: tokens.stats().authorizationServer, requested }));

/** A user knows the issuer. The suite starts it on any port and does not tell the client, so the client looks it up. */
async function issuersOf(url: string): Promise<string[]> {
  const { origin, pathname } = new URL(url);
  for (const path of [`${metadataPath}${pathname}`, metadataPath]) {
    const response = await fetch(`${origin}${path}`);
    if (response.ok) return ((await response.json()) as { authorization_servers: string[] }).authorization_servers;
  }
  throw new Error(`${url} has no metadata`);
}

function credentialsOf({
  client_secret,
  private_key_pem,
  signing_algorithm,
  valid_jwt,
}: Context): Partial<TokenServiceOptions> {
  if (valid_jwt !== undefined) return { grant: jwtBearer({ assertion: () => valid_jwt }) };
  if (client_secret !== undefined) return { clientSecret: client_secret };
  // Scenarios that give no credentials are for public clients, and accept any grant.
  if (private_key_pem === undefined) return { grant: jwtBearer({ assertion: () => 'an-assertion' }) };
  return { clientAuthentication: privateKeyJwt({ key: private_key_pem, algorithm: signing_algorithm }) };
}

async function listTools(): Promise<string[]> {
  const client = new Client({ name: 'm2m-tokens', version: '1.0.0' });
  const authorized = withBearerToken(fetch, tokens, { origins: [new URL(serverUrl).origin] });
  await client.connect(new StreamableHTTPClientTransport(new URL(serverUrl), { fetch: authorized }));
  return namesOf(await client.listTools());
}

async function listToolsV2(): Promise<string[]> {
  const client = new ClientV2({ name: 'm2m-tokens', version: '1.0.0' });
  await client.connect(new TransportV2(new URL(serverUrl), { authProvider: providerOf(tokens) }));
  return namesOf(await client.listTools());
}

function providerOf(service: TokenService) {
  let current: AccessToken | undefined;
  return {
    async token() {
      current = await service.getToken();
      return current.value;
    },
    async onUnauthorized() {
      await service.getToken(undefined, { replacing: current });
    },
  };
}

function namesOf(result: { readonly tools: readonly { readonly name: string }[] }): string[] {
  return result.tools.map(({ name }) => name);
}
