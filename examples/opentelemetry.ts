// Metrics and traces of grants with OpenTelemetry; here Prometheus collects the metrics, and the spans go to the
// console. In a service, use the SDK and the exporters that it has already. Run it with OAUTH_ISSUER and CLIENT_SECRET
// set: npx tsx examples/opentelemetry.ts
import { metrics } from '@opentelemetry/api';
import { PrometheusExporter } from '@opentelemetry/exporter-prometheus';
import { MeterProvider } from '@opentelemetry/sdk-metrics';
import { ConsoleSpanExporter, NodeTracerProvider, SimpleSpanProcessor } from '@opentelemetry/sdk-trace-node';
import { createTokenService } from 'm2m-tokens';
import { observeTokens } from 'm2m-tokens/opentelemetry';

// Register the SDK first: a meter that is obtained earlier records nothing.
const port = Number(process.env.METRICS_PORT ?? 9464);
const prometheus = new PrometheusExporter({ host: '127.0.0.1', port });
const meterProvider = new MeterProvider({ readers: [prometheus] });
metrics.setGlobalMeterProvider(meterProvider);
const tracerProvider = new NodeTracerProvider({ spanProcessors: [new SimpleSpanProcessor(new ConsoleSpanExporter())] });
tracerProvider.register();

const tokens = createTokenService({
  issuer: process.env.OAUTH_ISSUER ?? 'https://auth.example.com',
  clientId: 'orders-service',
  clientSecret: process.env.CLIENT_SECRET!,
  scope: 'orders:read',
  name: 'orders',
});
observeTokens(tokens);

await tokens.ready(); // prints the span of the first grant
console.log(await (await fetch(`http://127.0.0.1:${port}/metrics`)).text());

await Promise.all([meterProvider.shutdown(), tracerProvider.shutdown()]);
