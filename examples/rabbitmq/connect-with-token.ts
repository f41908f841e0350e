import { connect, type Options, type RecoveringChannelModel } from 'amqplib';
import type { TokenService } from 'm2m-tokens';

/**
 * Connects to RabbitMQ, and sends each renewed token to it until `signal` aborts: the broker closes the channels of a
 * connection when its last token has expired.
 */
export async function connectWithToken(
  broker: Options.Connect,
  tokens: TokenService,
  signal: AbortSignal,
): Promise<RecoveringChannelModel> {
  let current = await tokens.getToken();
  // amqplib calls `response` for each connection: with `recovery`, it connects again with the current token. The broker
  // takes the name of the user from the token.
  const credentials = { mechanism: 'PLAIN', response: () => Buffer.from(`\0\0${current.value}`) };
  const connection = await connect(broker, { credentials, recovery: true });
  tokens.watch(
    ({ token, error }) => {
      if (error !== undefined) console.warn('not renewed:', error.message);
      if (token === undefined || token.value === current.value) return;
      current = token;
      connection.updateSecret(Buffer.from(token.value), 'renewed').then(() => console.log('renewed'), console.error);
    },
    { signal },
  );
  return connection;
}
