import { setTimeout } from 'node:timers/promises';

import { parse, stringify } from 'yaml';

import { startServerProcess } from '../foreign-servers/server-process.js';
import { cleanUp } from '../support/clean-up.js';
import { freePort } from '../support/free-port.js';
import { read, type RuleFile, ruleFile } from './files.js';

/** A time series in the result of a query, with its current value. */
export interface Sample {
  readonly labels: Readonly<Record<string, string>>;
  readonly value: number;
}

/** A time series of a result, by some of its labels, with the range of its value. */
export interface Expected {
  readonly labels: Readonly<Record<string, string>>;
  readonly range: readonly [least: number, most: number];
}

/** A value that is not as expected; `values` are those of the time series with these labels. */
export interface Missing extends Expected {
  readonly values: readonly number[];
}

/** A Prometheus server on loopback. */
export interface Prometheus {
  /** The current result of a PromQL expression. */
  query(expression: string): Promise<readonly Sample[]>;
  /**
   * Repeats the query until each of these values is in its result. After 20 s, returns those that are not, with the
   * values that they have instead.
   */
  missing(expression: string, expected: readonly Expected[]): Promise<readonly Missing[]>;
}

interface Configuration {
  readonly scrape_configs: readonly object[];
}

/**
 * Starts Prometheus with the configuration and the rules of examples/observability, but for one target (`host:port`),
 * which it scrapes every 100 ms, before a new counter rises. Stops it after the test.
 */
export async function startPrometheus(target: string): Promise<Prometheus> {
  const port = await freePort();
  const { stop } = await startServerProcess({
    file: 'prometheus',
    argv: ['--config.file=prometheus.yaml', `--web.listen-address=127.0.0.1:${port}`, '--storage.tsdb.path=data'],
    data: { 'prometheus.yaml': configurationFor(target), 'alerts.yaml': stringify(rulesEachSecond()) },
    ready: /Server is ready to receive web requests/,
  });
  cleanUp(stop);

  const query = (expression: string): Promise<readonly Sample[]> => queryAt(`http://127.0.0.1:${port}`, expression);
  return {
    query,
    async missing(expression, expected) {
      const end = performance.now() + 20_000;
      for (;;) {
        const missing = missingIn(await query(expression), expected);
        if (missing.length === 0 || performance.now() > end) return missing;
        await setTimeout(200);
      }
    },
  };
}

function missingIn(samples: readonly Sample[], expected: readonly Expected[]): readonly Missing[] {
  return expected.flatMap(({ labels, range }) => {
    const isMeant = (sample: Sample) => Object.entries(labels).every(([name, text]) => sample.labels[name] === text);
    const values = samples.filter(isMeant).map(({ value }) => value);
    const [least, most] = range;
    return values.some((value) => value >= least && value <= most) ? [] : [{ labels, range, values }];
  });
}

function configurationFor(target: string): string {
  const configuration = parse(read('prometheus.yaml')) as Configuration;
  const jobs = configuration.scrape_configs.map((job) => ({ ...job, static_configs: [{ targets: [target] }] }));
  return stringify({ ...configuration, global: { scrape_interval: '100ms' }, scrape_configs: jobs });
}

const rulesEachSecond = (): RuleFile => ({ groups: ruleFile.groups.map((group) => ({ ...group, interval: '1s' })) });

async function queryAt(origin: string, expression: string): Promise<readonly Sample[]> {
  const response = await fetch(`${origin}/api/v1/query?${new URLSearchParams({ query: expression }).toString()}`);
  const body = await response.text();
  if (!response.ok) throw new Error(`${expression}: ${body}`);
  const { data } = JSON.parse(body) as {
    data: { result: { metric: Record<string, string>; value: [time: number, value: string] }[] };
  };
  return data.result.map(({ metric, value }) => ({ labels: metric, value: Number(value[1]) }));
}
