// An axios client that OpenAPI Generator made. Make it, then run this file with OAUTH_ISSUER, CLIENT_SECRET and API_URL set:
// npx @openapitools/openapi-generator-cli generate -g typescript-axios -i openapi.yaml -o generated \
//   --additional-properties=importFileExtension=.js
import axios from 'axios';
import { createTokenService } from 'm2m-tokens';
import { bearerToken } from 'm2m-tokens/axios';

import { OrdersApi } from './generated/index.js';

const tokens = createTokenService({
  issuer: process.env.OAUTH_ISSUER ?? 'https://auth.example.com',
  clientId: 'orders-service',
  clientSecret: process.env.CLIENT_SECRET!,
  scope: 'orders:read',
});

// The generated client takes the `baseURL` of the instance, which gets the token, in place of its `basePath`.
const instance = axios.create({ baseURL: process.env.API_URL ?? 'https://api.example.com' });
instance.interceptors.request.use(bearerToken(tokens));

// Without `accessToken` in its configuration: the client would set `Authorization` itself, and a 401 would be final.
const orders = new OrdersApi(undefined, undefined, instance);

// The last argument of an operation is the config of axios.
const { data: order } = await orders.createOrder({ quantity: 3 }, { tokenRequest: { scope: 'orders:write' } });
const { data: list } = await orders.listOrders(10);
console.log('order', order.id, 'of', list.length);
