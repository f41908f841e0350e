// Octokit, for a GitHub Enterprise Server behind a gateway that requires a token. Run it with
// OAUTH_ISSUER, CLIENT_SECRET and API_URL set: npx tsx examples/octokit.ts
import { Octokit } from '@octokit/core';
import { createTokenService } from 'm2m-tokens';
import { withBearerToken } from 'm2m-tokens/fetch';

const tokens = createTokenService({
  issuer: process.env.OAUTH_ISSUER ?? 'https://auth.example.com',
  clientId: 'orders-service',
  clientSecret: process.env.CLIENT_SECRET!,
  scope: 'orders:read',
});
const apiUrl = process.env.API_URL ?? 'https://api.example.com';

const octokit = new Octokit({
  baseUrl: apiUrl,
  // Do not set "auth": it would add another Authorization header.
  request: { fetch: withBearerToken(fetch, tokens, { origins: [new URL(apiUrl).origin] }) },
});

const { status, data } = await octokit.request('POST /repos/{owner}/{repo}/issues', {
  owner: 'acme',
  repo: 'orders',
  title: 'An issue',
});
console.log(status, data);
