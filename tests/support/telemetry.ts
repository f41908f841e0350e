import { context, propagation } from '@opentelemetry/api';
import { AsyncLocalStorageContextManager } from '@opentelemetry/context-async-hooks';
import {
  type DataPoint,
  type Histogram,
  MeterProvider,
  type MetricData,
  MetricReader,
} from '@opentelemetry/sdk-metrics';
import {
  InMemorySpanExporter,
  NodeTracerProvider,
  type ReadableSpan,
  type Sampler,
  SimpleSpanProcessor,
} from '@opentelemetry/sdk-trace-node';

import { cleanUp } from './clean-up.js';

/** One series of a metric: its attributes, and its value or the number of its values. */
export interface Series {
  readonly attributes: Readonly<Record<string, unknown>>;
  readonly value: number;
}

/** The metrics of the SDK in this process. */
export interface CollectedMetrics {
  readonly meterProvider: MeterProvider;
  /** Collects all metrics as they are now, by name. */
  readonly collect: () => Promise<Readonly<Record<string, MetricData>>>;
  /** The series of one metric as they are now. */
  readonly series: (name: string) => Promise<readonly Series[]>;
}

class OnDemandReader extends MetricReader {
  protected override async onForceFlush(): Promise<void> {}
  protected override async onShutdown(): Promise<void> {}
}

/** Starts the metrics of the SDK until the test ends. */
export function startMetrics(): CollectedMetrics {
  const reader = new OnDemandReader();
  const meterProvider = new MeterProvider({ readers: [reader] });
  cleanUp(() => meterProvider.shutdown());

  async function collect(): Promise<Record<string, MetricData>> {
    const { resourceMetrics, errors } = await reader.collect();
    if (errors.length > 0) throw new AggregateError(errors, 'the collection failed');
    const all = resourceMetrics.scopeMetrics.flatMap(({ metrics }) => metrics);
    return Object.fromEntries(all.map((metric) => [metric.descriptor.name, metric]));
  }

  return {
    meterProvider,
    collect,
    async series(name) {
      const points = ((await collect())[name]?.dataPoints ?? []) as readonly DataPoint<number | Histogram>[];
      return points.map(({ attributes, value }) => ({
        attributes,
        value: typeof value === 'number' ? value : value.count,
      }));
    },
  };
}

/** The spans of the SDK in this process. */
export interface CollectedSpans {
  readonly tracerProvider: NodeTracerProvider;
  /** The spans that have ended, in the order of their ends. */
  readonly spans: () => readonly ReadableSpan[];
  /** Runs a function in a span of a caller; ends the span, and returns the result. */
  readonly inSpan: <T>(name: string, work: () => Promise<T>) => Promise<T>;
}

/** Starts the traces of the SDK, with a context manager, until the test ends. */
export function startTraces({ sampler }: { sampler?: Sampler } = {}): CollectedSpans {
  const exporter = new InMemorySpanExporter();
  const tracerProvider = new NodeTracerProvider({
    spanProcessors: [new SimpleSpanProcessor(exporter)],
    ...(sampler && { sampler }),
  });
  context.setGlobalContextManager(new AsyncLocalStorageContextManager().enable());
  cleanUp(async () => {
    await tracerProvider.shutdown();
    context.disable();
    propagation.disable();
  });

  return {
    tracerProvider,
    spans: () => exporter.getFinishedSpans(),
    inSpan: (name, work) =>
      tracerProvider.getTracer('a caller').startActiveSpan(name, async (span) => {
        try {
          return await work();
        } finally {
          span.end();
        }
      }),
  };
}
