import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';

import { expect, test } from '@jest/globals';
import {
  credentials,
  makeClientConstructor,
  type sendUnaryData,
  Server,
  ServerCredentials,
  type ServerUnaryCall,
  type ServerWritableStream,
  type ServiceError,
  status,
} from '@grpc/grpc-js';

import { orders } from '../../../examples/grpc/orders.js';
import { resendOnce } from '../../../examples/grpc/resend-once.js';
import { withToken } from '../../../examples/grpc/with-token.js';
import { createTokenService, type TokenService } from '../../../src/index.js';
import { refused, startAuthorizationServer } from '../../support/authorization-server.js';
import { testAuthority, testCertificates, testKey } from '../../support/certificates.js';
import { cleanUp } from '../../support/clean-up.js';
import { runProgram } from '../../support/run-program.js';
import { temporaryFolder } from '../../support/temporary-folder.js';

type Call = ServerUnaryCall<{ customer: string }, object> | ServerWritableStream<{ customer: string }, object>;

/** A gRPC server with TLS that accepts these tokens. */
async function startOrders(...accepted: string[]) {
  const sent: unknown[] = [];
  const isAccepted = ({ metadata }: Call) => {
    const [authorization] = metadata.get('authorization');
    sent.push(authorization);
    return accepted.includes(String(authorization).replace('Bearer ', ''));
  };
  const rejection = { code: status.UNAUTHENTICATED, details: 'invalid token' };
  const server = new Server();
  server.addService(orders, {
    read: (call: ServerUnaryCall<{ customer: string }, object>, reply: sendUnaryData<object>) =>
      isAccepted(call) ? reply(null, { count: 3, ...call.request }) : reply(rejection),
    list(call: ServerWritableStream<{ customer: string }, object>) {
      if (!isAccepted(call)) return void call.emit('error', rejection);
      call.write({ id: 1 });
      call.end();
    },
  });
  const key = { private_key: Buffer.from(testKey), cert_chain: Buffer.from(testCertificates.good) };
  const port = await new Promise<number>((resolve, reject) =>
    server.bindAsync('127.0.0.1:0', ServerCredentials.createSsl(null, [key]), (error, bound) =>
      error === null ? resolve(bound) : reject(error),
    ),
  );
  cleanUp(() => server.forceShutdown());
  return { target: `localhost:${port}`, sent };
}

async function startTokens() {
  const server = await startAuthorizationServer({ metadata: {} });
  const client = { clientId: 'orders', clientSecret: 'a-secret' };
  // A retry would go on after the call that caused it.
  const tokens = createTokenService({ issuer: server.origin, ...client, retry: { retries: 0 } });
  return { server, tokens };
}

type Method = (request: object, done: (error: ServiceError | null, reply?: object) => void) => { cancel: () => void };
type Streaming = (request: object) => AsyncIterable<object>;

function clientOf(target: string, tokens: TokenService) {
  const OrdersClient = makeClientConstructor(orders, 'Orders');
  const channel = withToken(credentials.createSsl(Buffer.from(testAuthority)), tokens);
  const client = new OrdersClient(target, channel, { interceptors: [resendOnce(tokens)] });
  cleanUp(() => client.close());
  return client as unknown as { read: Method; list: Streaming };
}

/** The reply, or the error. */
const read = (client: { read: Method }, customer: string) =>
  new Promise<object | undefined>((resolve) => client.read({ customer }, (error, reply) => resolve(error ?? reply)));

test('client.ts sends a call with its token, and once more with another token after UNAUTHENTICATED', async () => {
  const { origin } = await startAuthorizationServer({ metadata: {} });
  const { target, sent } = await startOrders('token-2');
  const CA_FILE = join(await temporaryFolder(), 'ca.pem');
  await writeFile(CA_FILE, testAuthority);

  const outcome = await runProgram('examples/grpc/client.ts', {
    environment: { OAUTH_ISSUER: origin, CLIENT_SECRET: 'a-secret', GRPC_TARGET: target, CA_FILE },
  });

  expect(outcome).toEqual({ exitCode: 0, stdout: "{ count: 3, customer: 'acme' }\n", stderr: '' });
  expect(sent).toEqual(['Bearer token-1', 'Bearer token-2']);
}, 60_000);

test('a second UNAUTHENTICATED is the result, and so is the first if there is no other token', async () => {
  const { tokens, server } = await startTokens();
  const { target, sent } = await startOrders();
  const client = clientOf(target, tokens);

  expect(await read(client, 'acme')).toMatchObject({ code: status.UNAUTHENTICATED });
  expect(await read(client, 'acme')).toMatchObject({ code: status.UNAUTHENTICATED });

  expect(sent).toEqual(['Bearer token-1', 'Bearer token-2', 'Bearer token-2']);
  expect(server.grants).toHaveLength(2);
});

test('calls at once share one grant for their rejected token', async () => {
  const { tokens, server } = await startTokens();
  const { target, sent } = await startOrders('token-2');
  const client = clientOf(target, tokens);

  const replies = await Promise.all(Array.from({ length: 10 }, async (_, index) => read(client, `c${index}`)));

  expect(replies).toEqual(Array.from({ length: 10 }, (_, index) => ({ count: 3, customer: `c${index}` })));
  expect(server.grants).toHaveLength(2);
  expect(sent).toHaveLength(20);
});

test('a rejected token is the result while the authorization server is down, and nothing names the token', async () => {
  const { tokens, server } = await startTokens();
  const { target, sent } = await startOrders();
  await tokens.ready();
  server.script(refused('temporarily_unavailable', { status: 503 }));

  const error = await read(clientOf(target, tokens), 'acme');

  expect(error).toMatchObject({ code: status.UNAUTHENTICATED, details: 'invalid token' });
  expect(sent).toEqual(['Bearer token-1']);
  expect(JSON.stringify(error, Object.getOwnPropertyNames(error))).not.toMatch(/token-1|a-secret/);
});

test('a call without a token is not sent, and fails with the reason', async () => {
  const { tokens, server } = await startTokens();
  server.script(refused('invalid_client', { status: 401 }));
  const { target, sent } = await startOrders('token-1');

  const error = await read(clientOf(target, tokens), 'acme');

  expect(error).toMatchObject({ details: expect.stringMatching(/rejected the grant of client "orders"/) });
  expect(JSON.stringify(error)).not.toContain('a-secret');
  expect(sent).toEqual([]);
});

test('a stream has its token, and is not resent', async () => {
  const { tokens } = await startTokens();
  const { target, sent } = await startOrders('token-1');
  const client = clientOf(target, tokens);
  const received: object[] = [];
  for await (const order of client.list({})) received.push(order);

  const rejecting = await startOrders();
  const failing = async () => {
    for await (const order of clientOf(rejecting.target, tokens).list({})) received.push(order);
  };

  await expect(failing()).rejects.toMatchObject({ code: status.UNAUTHENTICATED });
  expect(received).toEqual([{ id: 1 }]);
  expect([sent, rejecting.sent]).toEqual([['Bearer token-1'], ['Bearer token-1']]);
});

test('a cancelled call is not resent', async () => {
  const { tokens, server } = await startTokens();
  const { target, sent } = await startOrders('token-2');
  await tokens.ready();
  const client = clientOf(target, tokens);
  const ended = new Promise((resolve) => {
    const call = client.read({ customer: 'acme' }, resolve);
    server.script(() => {
      call.cancel();
      return { status: 503 };
    });
  });

  expect(await ended).toMatchObject({ code: status.UNAUTHENTICATED });
  expect(sent).toEqual(['Bearer token-1']);
});

test('a channel without encryption is an error', async () => {
  const { tokens } = await startTokens();

  expect(() => withToken(credentials.createInsecure(), tokens)).toThrow('insecure');
});
