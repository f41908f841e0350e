import { subscribe, tracingChannel, unsubscribe } from 'node:diagnostics_channel';

import { context, diag, type DiagLogger, DiagLogLevel } from '@opentelemetry/api';
import { AsyncLocalStorageContextManager } from '@opentelemetry/context-async-hooks';
import { ExportResultCode } from '@opentelemetry/core';
import {
  AggregationTemporality,
  MeterProvider,
  PeriodicExportingMetricReader,
  type PushMetricExporter,
} from '@opentelemetry/sdk-metrics';
import { BatchSpanProcessor, NodeTracerProvider, type SpanExporter } from '@opentelemetry/sdk-trace-node';
import type { EventLogger, TokenService } from 'm2m-tokens';
import { observeTokens } from 'm2m-tokens/opentelemetry';

import type { Violate } from './findings.js';
import { logs } from './logs.js';
import { Tally } from './statistics.js';

/** All telemetry of the token services: metrics, traces, logs, and the channels of Node.js. */
export interface Telemetry {
  /** Makes the logger of one token service. */
  loggerOf(name: string): EventLogger | undefined;
  /** Observes a token service until the returned function is called. */
  observe(tokens: TokenService): () => void;
  /** Makes a call in a span of its own. */
  inSpan<T>(call: () => Promise<T>): Promise<T>;
  /** Exports the rest, and checks that there was something to export. */
  stop(): Promise<void>;
  readonly figures: () => Readonly<Record<'log' | 'telemetry', Readonly<Record<string, number>>>>;
}

/** No telemetry. */
export const noTelemetry: Telemetry = {
  loggerOf: () => undefined,
  observe: () => () => undefined,
  inSpan: (call) => call(),
  stop: async () => undefined,
  figures: () => ({ log: {}, telemetry: {} }),
};

/** Starts all telemetry for a run of this duration. Only counts are kept. */
export function startTelemetry(seconds: number, violate: Violate): Telemetry {
  const written = logs(seconds, violate);
  const counts = new Tally();

  const complain = (...message: unknown[]): void => violate('the SDK of OpenTelemetry complains', String(message));
  const complaints: DiagLogger = { error: complain, warn: complain, info: ignore, debug: ignore, verbose: ignore };
  diag.setLogger(complaints, DiagLogLevel.WARN);
  context.setGlobalContextManager(new AsyncLocalStorageContextManager().enable());

  const reader = new PeriodicExportingMetricReader({ exporter: metricExporter(counts), exportIntervalMillis: 1_000 });
  const meterProvider = new MeterProvider({ readers: [reader] });
  const tracerProvider = new NodeTracerProvider({
    spanProcessors: [new BatchSpanProcessor(spanExporter(counts), { scheduledDelayMillis: 500 })],
  });
  const tracer = tracerProvider.getTracer('callers');

  const countEvent = (): void => counts.add('events of the channel');
  const countGrant = (): void => counts.add('grants of the channel');
  const grants = tracingChannel('m2m-tokens:grant');
  const grantSubscribers = { start: ignore, end: ignore, asyncStart: ignore, asyncEnd: countGrant, error: ignore };
  subscribe('m2m-tokens:event', countEvent);
  grants.subscribe(grantSubscribers);

  return {
    loggerOf: (name) => written.loggerOf(name),
    observe: (tokens) => observeTokens(tokens, { meterProvider, tracerProvider }),
    inSpan: (call) =>
      tracer.startActiveSpan('a call', async (span) => {
        try {
          return await call();
        } finally {
          span.end();
        }
      }),
    async stop() {
      await Promise.all([meterProvider.shutdown(), tracerProvider.shutdown()]);
      unsubscribe('m2m-tokens:event', countEvent);
      grants.unsubscribe(grantSubscribers);
      context.disable();
      diag.disable();
      for (const name of ['exports of metrics', grantSpan, 'events of the channel', 'grants of the channel']) {
        if (counts.count(name) === 0) violate('the telemetry proved nothing', name);
      }
    },
    figures: () => ({ log: written.figures(), telemetry: counts.toJSON() }),
  };
}

const grantSpan = 'spans m2m.token.grant';
const ignore = (): void => undefined;

function metricExporter(counts: Tally): PushMetricExporter {
  return {
    export({ scopeMetrics }, done) {
      counts.add('exports of metrics');
      const all = scopeMetrics.flatMap(({ metrics }) => metrics);
      counts.set(
        'time series',
        all.reduce((sum, { dataPoints }) => sum + dataPoints.length, 0),
      );
      // oxlint-disable-next-line no-unsafe-enum-assignment -- the linter takes the enum for another one
      done({ code: ExportResultCode.SUCCESS });
    },
    selectAggregationTemporality: () => AggregationTemporality.CUMULATIVE,
    forceFlush: async () => undefined,
    shutdown: async () => undefined,
  };
}

function spanExporter(counts: Tally): SpanExporter {
  return {
    export(spans, done) {
      for (const { name } of spans) counts.add(`spans ${name}`);
      // oxlint-disable-next-line no-unsafe-enum-assignment
      done({ code: ExportResultCode.SUCCESS });
    },
    shutdown: async () => undefined,
  };
}
