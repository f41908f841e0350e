// GraphQL with graphql-request. A GraphQL server may answer a rejected token with status 200 and an error, which `isRejected` reads.
// Run it with OAUTH_ISSUER, CLIENT_SECRET and API_URL set: npx tsx examples/graphql-request.ts
import { gql, GraphQLClient } from 'graphql-request';
import { createTokenService } from 'm2m-tokens';
import { withBearerToken } from 'm2m-tokens/fetch';

const tokens = createTokenService({
  issuer: process.env.OAUTH_ISSUER ?? 'https://auth.example.com',
  clientId: 'orders-service',
  clientSecret: process.env.CLIENT_SECRET!,
  scope: 'orders:read',
});
const apiUrl = process.env.API_URL ?? 'https://api.example.com';

const client = new GraphQLClient(`${apiUrl}/graphql`, {
  fetch: withBearerToken(fetch, tokens, { origins: [new URL(apiUrl).origin], isRejected }),
});

async function isRejected(response: Response) {
  if (response.status === 401) return false; // handled already
  const { errors = [] } = (await response.clone().json()) as Answer;
  return errors.some(({ extensions }) => extensions?.code === 'UNAUTHENTICATED');
}

interface Answer {
  errors?: { extensions?: { code?: string } }[];
}

const query = gql`
  query ($first: Int!) {
    orders(first: $first) {
      id
    }
  }
`;
const { orders } = await client.request<{ orders: { id: string }[] }>(query, { first: 2 });
console.log('orders', orders.map(({ id }) => id).join(', '));
