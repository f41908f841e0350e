// The OpenAI SDK, for models behind a gateway that requires a token instead of an API key. Run it with
// OAUTH_ISSUER, CLIENT_SECRET and API_URL set: npx tsx examples/openai.ts
import { createTokenService } from 'm2m-tokens';
import { withBearerToken } from 'm2m-tokens/fetch';
import OpenAI from 'openai';

const tokens = createTokenService({
  issuer: process.env.OAUTH_ISSUER ?? 'https://auth.example.com',
  clientId: 'orders-service',
  clientSecret: process.env.CLIENT_SECRET!,
  scope: 'orders:read',
});
const apiUrl = process.env.API_URL ?? 'https://api.example.com';

const openai = new OpenAI({
  baseURL: `${apiUrl}/v1`,
  fetch: withBearerToken(fetch, tokens, { origins: [new URL(apiUrl).origin] }),
  // The SDK requires a key. `null` removes its Authorization header.
  apiKey: 'none',
  defaultHeaders: { Authorization: null },
});

const { choices } = await openai.chat.completions.create({
  model: 'a-model',
  messages: [{ role: 'user', content: 'How are you?' }],
});
console.log(choices[0]?.message.content);
