import { context } from '@opentelemetry/api';
import { AsyncLocalStorageContextManager } from '@opentelemetry/context-async-hooks';
import {
  AggregationTemporality,
  InMemoryMetricExporter,
  MeterProvider,
  PeriodicExportingMetricReader,
} from '@opentelemetry/sdk-metrics';
import { BatchSpanProcessor, InMemorySpanExporter, NodeTracerProvider } from '@opentelemetry/sdk-trace-node';
import axios from 'axios';
import type { TokenSource } from 'm2m-tokens';

import { builtPackage } from './built-package.js';
import { startLoopbackServer } from './loopback-server.js';
import { type Contender, pairedRounds, repeated } from './paired-rounds.js';
import type { Result } from './result.js';
import { tokenEndpointInProcess } from './token-endpoint.js';

/** A cached token with the metrics of OpenTelemetry, against the same without. */
export async function cachedTokenWithMetrics(): Promise<Result[]> {
  const { observed, plain, stop } = await twoServices({ hasTraces: false });

  // Two loops, because the engine optimises a loop for the function that it calls.
  const ours: Contender = async (calls) => {
    for (let call = 0; call < calls; call += 1) await observed.getToken();
  };
  const other: Contender = async (calls) => {
    for (let call = 0; call < calls; call += 1) await plain.getToken();
  };

  const comparison = await pairedRounds({ ours, other, calls: 2_000, rounds: 1_001, warmUpRounds: 100 });
  await stop();
  const name = 'cached token with OpenTelemetry metrics / without';
  return [{ name, unit: 'ns', ...comparison, target: { of: 'ratio', atMost: 1.5 } }];
}

/** A GET request of axios with metrics and traces, against the same without. The SDK is active for both. */
export async function axiosWithTelemetry(): Promise<Result[]> {
  const { bearerToken } = await builtPackage();
  const server = await startLoopbackServer();
  const { observed, plain, stop } = await twoServices({ hasTraces: true });
  const getWith = (tokens: TokenSource) => {
    const instance = axios.create({ baseURL: server.origin });
    instance.interceptors.request.use(bearerToken(tokens));
    return () => instance.get('/orders/1');
  };

  const comparison = await pairedRounds({
    ours: repeated(getWith(observed)),
    other: repeated(getWith(plain)),
    control: repeated(getWith(plain)),
    calls: 200,
    rounds: 61,
    warmUpRounds: 30,
  });
  await stop();
  server.close();
  const name = 'axios over loopback with metrics and traces / without';
  return [{ name, unit: 'ns', ...comparison, target: { of: 'ratio', atMost: 1.02 } }];
}

/** Two token services with a cached token. Each second, the SDK collects the metrics of the first one. */
async function twoServices({ hasTraces }: { readonly hasTraces: boolean }) {
  const { createTokenService, observeTokens } = await builtPackage();
  const exporter = new InMemoryMetricExporter(AggregationTemporality.DELTA);
  const reader = new PeriodicExportingMetricReader({ exporter, exportIntervalMillis: 1_000 });
  const meterProvider = new MeterProvider({ readers: [reader] });
  const tracerProvider = new NodeTracerProvider({
    spanProcessors: [new BatchSpanProcessor(new InMemorySpanExporter())],
  });
  if (hasTraces) context.setGlobalContextManager(new AsyncLocalStorageContextManager().enable());

  const [observed, plain] = [
    createTokenService(tokenEndpointInProcess()),
    createTokenService(tokenEndpointInProcess()),
  ];
  observeTokens(observed, { meterProvider, ...(hasTraces && { tracerProvider }) });
  await Promise.all([observed.ready(), plain.ready()]);
  const stop = async (): Promise<void> => {
    await Promise.all([meterProvider.shutdown(), tracerProvider.shutdown()]);
  };
  return { observed, plain, stop };
}
