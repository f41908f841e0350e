import { expect, test } from '@jest/globals';
import { connect } from 'amqplib';
import { SignJWT } from 'jose';

import { describeWith } from '../../foreign-servers/debian-packages.js';
import { granted, refused, startAuthorizationServer } from '../../support/authorization-server.js';
import { cleanUp } from '../../support/clean-up.js';
import { type RabbitMq, startRabbitMq } from '../../support/rabbitmq.js';
import { startProgram } from '../../support/running-program.js';
import { signingKey } from '../../support/signing-keys.js';

// The broker starts in a few seconds, on a busy machine in half a minute.
const timeoutMs = 120_000;
const lifetimeSeconds = 4;

/** A broker, and an authorization server that signs tokens for it. */
async function start() {
  const { privateKey, publicKey } = await signingKey('RS256');
  const issued: string[] = [];
  const issue = async () => {
    const token = await new SignJWT({ scope: 'rabbitmq.configure:*/* rabbitmq.write:*/* rabbitmq.read:*/*' })
      .setProtectedHeader({ alg: 'RS256', typ: 'at+jwt' })
      .setSubject('orders-service')
      .setAudience('rabbitmq')
      .setJti(`${issued.length + 1}`)
      // In whole seconds: the broker stops to accept it up to a second early.
      .setExpirationTime(Math.ceil(Date.now() / 1_000) + lifetimeSeconds)
      .sign(privateKey);
    issued.push(token);
    return token;
  };
  const server = await startAuthorizationServer({ metadata: {} });
  server.script(async () => granted(await issue(), { expires_in: lifetimeSeconds }));
  const broker = await startRabbitMq({ publicKey: publicKey.export({ type: 'spki', format: 'pem' }).toString() });
  const environment = {
    OAUTH_ISSUER: server.origin,
    OAUTH_CLIENT_ID: 'orders-service',
    OAUTH_CLIENT_SECRET: 'a-secret',
    RABBITMQ_PORT: `${broker.port}`,
  };
  return { server, broker, issue, issued, environment };
}

describeWith(['rabbitmq-server'])('a broker with short-lived tokens', () => {
  test(
    'publisher.ts keeps its channel by updateSecret, and opens another one after an outage; without updateSecret, it is closed',
    async () => {
      const { server, broker, issue, issued, environment } = await start();
      const program = await startProgram('examples/rabbitmq/publisher.ts', { environment });
      const withoutUpdate = await openAnotherChannel(broker, await issue());

      await program.printed(/renewed[^]*sent/);
      expect(await withoutUpdate.closed).toMatchObject({
        code: 403,
        message: expect.stringContaining('ACCESS_REFUSED'),
      });
      expect(withoutUpdate.isConnected()).toBe(true);
      expect(program.output()).not.toContain('ACCESS_REFUSED');

      const grant = server.grants.length;
      server.script(refused('temporarily_unavailable', { status: 503 }));
      // The token is still valid, and then it is not.
      await program.printed(/not renewed: .*HTTP 503[^]*sent[^]*ACCESS_REFUSED/);
      expect(server.grants.length).toBeGreaterThan(grant);
      server.script(async () => granted(await issue(), { expires_in: lifetimeSeconds }));
      await program.printed(/ACCESS_REFUSED[^]*renewed[^]*sent/);
      program.kill('SIGTERM');

      expect(await program.ended).toMatchObject({ exitCode: 0 });
      const orders = [...program.output().matchAll(/sent (\d+)/g)].map(([, order]) => Number(order));
      expect(orders).toEqual(orders.map((_, index) => index + 1));
      expect(broker.log()).toMatch(/user 'orders-service' updated secret, reason: renewed/);
      expect(broker.log().match(/accepting AMQP connection/g)).toHaveLength(2);
      expect(issued.filter((token) => program.output().includes(token))).toEqual([]);
      expect(program.output()).not.toContain('a-secret');
    },
    timeoutMs,
  );
});

/** A channel on which orders are sent, of a connection that gets no other token. */
async function openAnotherChannel({ port }: RabbitMq, token: string) {
  const connection = await connect({ hostname: '127.0.0.1', port, password: token });
  let isConnected = true;
  connection.once('close', () => (isConnected = false));
  const channel = await connection.createChannel();
  const { queue } = await channel.assertQueue('', { exclusive: true });
  const sending = setInterval(() => channel.sendToQueue(queue, Buffer.from('an order')), 200);
  const closed = new Promise<Error>((resolve) => channel.once('error', resolve));
  channel.once('error', () => clearInterval(sending));
  cleanUp(async () => {
    clearInterval(sending);
    await connection.close();
  });
  return { closed, isConnected: () => isConnected };
}
