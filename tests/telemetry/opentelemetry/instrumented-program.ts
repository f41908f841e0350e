/**
 * Sends a request with a token in a program whose HTTP clients are instrumented, and prints its spans. Its arguments: the
 * URL of the API, the token endpoint, the HTTP client, and `secret` or `certificate`.
 */
import { createRequire } from 'node:module';

import { HttpInstrumentation } from '@opentelemetry/instrumentation-http';
import { UndiciInstrumentation } from '@opentelemetry/instrumentation-undici';
import { InMemorySpanExporter, NodeTracerProvider, SimpleSpanProcessor } from '@opentelemetry/sdk-trace-node';
import axios from 'axios';
import { Agent, request } from 'undici';

import { bearerToken } from '../../../src/adapters/axios/index.js';
import { withBearerToken } from '../../../src/adapters/fetch/index.js';
import { bearerTokenInterceptor } from '../../../src/adapters/undici/index.js';
import { clientSecretBasic } from '../../../src/authentication/client-secret.js';
import { mutualTls } from '../../../src/authentication/mutual-tls.js';
import { createTokenService } from '../../../src/service/token-service.js';
import { observeTokens } from '../../../src/telemetry/opentelemetry/index.js';
import { clientCertificates } from '../../support/client-certificates.js';
import { ca } from '../../support/mutual-tls.js';

const [url = '', tokenEndpoint = '', client, credential] = process.argv.slice(2);

const exporter = new InMemorySpanExporter();
const provider = new NodeTracerProvider({ spanProcessors: [new SimpleSpanProcessor(exporter)] });
provider.register();
for (const instrumentation of [new HttpInstrumentation(), new UndiciInstrumentation()]) {
  instrumentation.setTracerProvider(provider);
}
// The instrumentation replaces functions of these modules when they are required.
const require = createRequire(import.meta.url);
for (const module of ['http', 'https']) require(module);

const { certificate, key } = clientCertificates.first;
const tokens = createTokenService({
  tokenEndpoint,
  clientId: 'orders',
  clientAuthentication:
    credential === 'secret' ? clientSecretBasic('open sesame') : mutualTls({ certificate, key, ca }),
});
observeTokens(tokens);

const { origin } = new URL(url);
const send = {
  axios: async () => {
    const instance = axios.create({ baseURL: origin });
    instance.interceptors.request.use(bearerToken(tokens));
    return (await instance.get(url)).status;
  },
  fetch: async () => (await withBearerToken(fetch, tokens, { origins: [origin] })(url)).status,
  undici: async () => {
    const dispatcher = new Agent().compose(bearerTokenInterceptor(tokens, { origins: [origin] }));
    const { statusCode, body } = await request(url, { dispatcher });
    await body.dump();
    return statusCode;
  },
}[client as 'axios' | 'fetch' | 'undici'];

const status = await provider.getTracer('an application').startActiveSpan('the caller', async (span) => {
  await send();
  const second = await send();
  span.end();
  return second;
});

const spans = exporter.getFinishedSpans().map((span) => ({
  name: `${span.name} ${span.instrumentationScope.name}`,
  id: span.spanContext().spanId,
  parent: span.parentSpanContext?.spanId,
  text: JSON.stringify([span.attributes, span.events, span.status]),
}));
console.log(JSON.stringify({ status, spans }));
process.exit();
