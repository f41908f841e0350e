// Calls a gRPC service with a token. The channel adds the token, and the interceptor replaces a rejected one.
// Run it with OAUTH_ISSUER, CLIENT_SECRET, GRPC_TARGET and CA_FILE set: npx tsx examples/grpc/client.ts
import { readFileSync } from 'node:fs';

import { credentials, makeClientConstructor } from '@grpc/grpc-js';
import { createTokenService } from 'm2m-tokens';

import { orders } from './orders.js';
import { resendOnce } from './resend-once.js';
import { withToken } from './with-token.js';

const tokens = createTokenService({
  issuer: process.env.OAUTH_ISSUER ?? 'https://auth.example.com',
  clientId: 'orders-service',
  clientSecret: process.env.CLIENT_SECRET!,
  scope: 'orders:read',
});

// Your generated client, such as OrdersClient of orders_grpc_pb.js, takes the same arguments.
const OrdersClient = makeClientConstructor(orders, 'Orders');
const encrypted = credentials.createSsl(readFileSync(process.env.CA_FILE ?? '/etc/ssl/company-ca.pem'));
const client = new OrdersClient(process.env.GRPC_TARGET ?? 'orders.example.com:443', withToken(encrypted, tokens), {
  interceptors: [resendOnce(tokens)],
});

const read = (customer: string) =>
  new Promise((resolve, reject) => {
    const deadline = Date.now() + 10_000; // for both attempts
    client.read!({ customer }, { deadline }, (error: Error | null, reply: unknown) =>
      error === null ? resolve(reply) : reject(error),
    );
  });

console.log(await read('acme'));
client.close();
