/**
 * Runs scenes of the tour twice beside {@link startFurtherServices}, observed by the SDK of OpenTelemetry and with its
 * exporter for Prometheus. Prometheus knows no rate of what happened only once. Its argument is a {@link Setup} as JSON.
 * Sends a message after each tour, waits for one before the second tour, and ends with its parent process.
 */
import { once } from 'node:events';

import { PrometheusExporter } from '@opentelemetry/exporter-prometheus';
import { MeterProvider } from '@opentelemetry/sdk-metrics';
import type { TokenService } from 'm2m-tokens';
import { observeTokens } from 'm2m-tokens/opentelemetry';

import { manyFirstCalls } from '../../examples/tour/scenes/many-first-calls.js';
import { revokedToken } from '../../examples/tour/scenes/revoked-token.js';
import { wrongSecret } from '../../examples/tour/scenes/wrong-secret.js';
import { tour } from '../../examples/tour/tour.js';
import { type Endpoints, startFurtherServices } from './further-services.js';

/** The argument of the program. */
export interface Setup extends Endpoints {
  /** The port of the exporter. */
  readonly port: number;
}

const { port, ...endpoints } = JSON.parse(process.argv[2] ?? '{}') as Setup;
const meterProvider = new MeterProvider({ readers: [new PrometheusExporter({ host: '127.0.0.1', port })] });
const observe = (tokens: TokenService): (() => void) => observeTokens(tokens, { meterProvider });

await startFurtherServices(endpoints, observe);

for (let tours = 1; tours <= 2; tours += 1) {
  const stops: (() => void)[] = [];
  await tour({
    scenes: [manyFirstCalls, revokedToken, wrongSecret],
    onTokenService: (tokens) => stops.push(observe(tokens)),
  });
  process.send?.(tours);
  if (tours === 2) continue;
  await once(process, 'message');
  // The second tour has services of the same names: their gauges would be those of the first.
  for (const stop of stops) stop();
}
process.on('disconnect', () => process.exit());
