// A function of AWS Lambda with the managed runtime of Node.js. Set OAUTH_ISSUER, OAUTH_CLIENT_ID, OAUTH_CLIENT_SECRET and API_URL,
// and the handler to `handler.handler`. Bundle it as an ES module:
// npx esbuild handler.ts --bundle --platform=node --format=esm --outfile=handler.mjs
import { tokenServiceFromEnvironment } from 'm2m-tokens';
import { withBearerToken } from 'm2m-tokens/fetch';

const apiUrl = process.env.API_URL ?? 'https://api.example.com';

// Outside of the handler: this runs once, and all invocations of this execution environment share the cached token.
const tokens = tokenServiceFromEnvironment({
  // Each request to the authorization server ends within 2 s, and all of a call within 6 s: AWS limits the init phase to 10 s.
  timeoutMs: 2_000,
  retry: { deadlineMs: 6_000 },
});
const api = withBearerToken(fetch, tokens, { origins: [new URL(apiUrl).origin] });

// An outage of the authorization server does not fail the init phase: an invocation tries again.
await tokens.ready().catch((error: Error) => console.error(error.message));

// AWS sends SIGTERM only to a function that has an extension.
process.once('SIGTERM', () => void tokens.revoke().then(() => process.exit(0)));

export async function handler({ path }: { path: string }) {
  const response = await api(`${apiUrl}${path}`);
  return { statusCode: response.status, body: await response.text() };
}
