import { listen } from '../support/http-server.js';
import { commonLabels, type Metric, metrics } from './contract.js';

/** Options of {@link startFakeExporter}. */
export interface FakeExporterOptions {
  /** Whether names contain the unit, as those of the collector do; `@opentelemetry/exporter-prometheus` leaves it out. */
  readonly withUnits: boolean;
}

/**
 * Starts a server with every metric of the contract, in the text format of Prometheus. Counters rise with each request.
 * Returns its `host:port`, and closes it after the test.
 */
export async function startFakeExporter({ withUnits }: FakeExporterOptions): Promise<string> {
  let requests = 0;
  const origin = await listen((_, response) => {
    requests += 1;
    const nameOf = (name: string) => (withUnits ? name : name.replace(/_seconds$/, ''));
    const text = Object.entries(metrics).map(([name, metric]) => textOf(nameOf(name), metric, requests));
    response.writeHead(200, { 'content-type': 'text/plain; version=0.0.4' }).end(text.join(''));
  });
  return new URL(origin).host;
}

type LabelSet = Readonly<Record<string, string>>;

function textOf(name: string, { kind, labels }: Metric, requests: number): string {
  const lines = combinationsOf(labels).flatMap((set) => {
    const line = (suffix: string, value: number, extra: LabelSet = {}) => {
      const pairs = Object.entries({ ...commonSet, ...set, ...extra }).map(([label, text]) => `${label}="${text}"`);
      return `${name}${suffix}{${pairs.join(',')}} ${value}`;
    };
    if (kind === 'counter') return [line('', requests)];
    if (kind === 'gauge') return [line('', gaugeValue(name))];
    const buckets = ['0.1', '1', '+Inf'].map((le) => line('_bucket', requests, { le }));
    return [...buckets, line('_sum', requests / 20), line('_count', requests)];
  });
  return [`# TYPE ${name} ${kind}`, ...lines, ''].join('\n');
}

const commonSet: LabelSet = Object.fromEntries(commonLabels.map((label) => [label, `the-${label}`]));

function gaugeValue(name: string): number {
  const now = Date.now() / 1000;
  if (name.includes('expiration')) return now + 1_800;
  if (name.includes('renewed')) return now - 1_800;
  return 1;
}

/** Each combination of the values; a time series without an error has no `error_type`. */
function combinationsOf(labels: Metric['labels']): LabelSet[] {
  return Object.entries(labels).reduce<LabelSet[]>(
    (sets, [label, values]) =>
      sets.flatMap((set) => [
        ...(label === 'error_type' ? [set] : []),
        ...values.map((value) => ({ ...set, [label]: value })),
      ]),
    [{}],
  );
}
