// Sends orders to RabbitMQ, for longer than a token is valid, and also after an outage of the authorization server. Run it
// with OAUTH_ISSUER, OAUTH_CLIENT_ID, OAUTH_CLIENT_SECRET and RABBITMQ_PORT set, and end it with SIGTERM:
// npx tsx examples/rabbitmq/publisher.ts
import { setTimeout } from 'node:timers/promises';

import { tokenServiceFromEnvironment } from 'm2m-tokens';

import { connectWithToken } from './connect-with-token.js';

const tokens = tokenServiceFromEnvironment({ audience: 'rabbitmq' });
const stop = new AbortController();
process.once('SIGTERM', () => stop.abort());

// To another machine: protocol 'amqps', or anyone on the network can read the token.
const broker = { protocol: 'amqp', hostname: 'localhost', port: Number(process.env.RABBITMQ_PORT ?? 5672) };
const connection = await connectWithToken(broker, tokens, stop.signal);

async function openChannel() {
  const channel = await connection.createConfirmChannel();
  channel.on('error', ({ message }: Error) => console.warn(message)); // 403: the token expired in an outage
  await channel.assertQueue('orders', { durable: false });
  return channel;
}

let opened: ReturnType<typeof openChannel> | undefined;
for (let order = 1; !stop.signal.aborted; await setTimeout(250)) {
  try {
    const channel = await (opened ??= openChannel());
    channel.sendToQueue('orders', Buffer.from(`order ${order}`));
    await channel.waitForConfirms();
    console.log('sent', order++);
  } catch {
    opened = undefined; // the next turn sends this order again, on another channel
  }
}
await connection.close();
