// KafkaJS asks for a token for each connection, and again before the broker ends a session: in the broker, set
// connections.max.reauth.ms. Run it with OAUTH_ISSUER, OAUTH_CLIENT_ID, OAUTH_CLIENT_SECRET, KAFKA_BROKER and CA_FILE set,
// and end it with SIGTERM: npx tsx examples/kafka.ts
import { readFileSync } from 'node:fs';
import { setTimeout } from 'node:timers/promises';

import { Kafka } from 'kafkajs';
import { tokenServiceFromEnvironment } from 'm2m-tokens';

const tokens = tokenServiceFromEnvironment();

const kafka = new Kafka({
  clientId: 'orders-service',
  brokers: [process.env.KAFKA_BROKER ?? 'kafka.example.com:9093'],
  // Without TLS, anyone on the network can read the token.
  ssl: { ca: readFileSync(process.env.CA_FILE ?? '/etc/ssl/company-ca.pem', 'utf8') },
  sasl: {
    mechanism: 'oauthbearer',
    // The token comes from the cache, renewed if it is due. During an outage it is the current one while it is valid.
    oauthBearerProvider: async () => ({ value: (await tokens.getToken()).value }),
  },
});

const stop = new AbortController();
process.once('SIGTERM', () => stop.abort());
// Without it, the token is renewed in the last seconds of a session, when KafkaJS asks for it.
tokens.watch(({ error }) => error && console.warn('not renewed:', error.message), { signal: stop.signal });

const admin = kafka.admin();
await admin.connect();
while (!stop.signal.aborted) {
  // KafkaJS authenticates again before a request if the session ends within reauthenticationThreshold (10 s).
  console.log('topics', await admin.listTopics());
  await setTimeout(250);
}
await admin.disconnect();
