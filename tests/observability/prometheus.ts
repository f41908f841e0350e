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

/** A Prometheus server on loopback. */
export interface Prometheus {
  /** The current result of a PromQL expression. */
  query(expression: string): Promise<readonly Sample[]>;
  /** Repeats the query until it has a result with a value; fails after 20 s. */
  queryUntilData(expression: string): Promise<readonly Sample[]>;
}

interface Configuration {
  readonly scrape_configs: readonly object[];
}

/**
 * Starts Prometheus with the configuration and the rules of examples/observability, but for one target (`host:port`),
 * which it reads each second. Stops it after the test.
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
    async queryUntilData(expression) {
      const end = performance.now() + 20_000;
      for (;;) {
        const samples = await query(expression);
        if (samples.some(({ value }) => !Number.isNaN(value))) return samples;
        if (performance.now() > end) throw new Error(`no data: ${expression}`);
        await setTimeout(100);
      }
    },
  };
}

function configurationFor(target: string): string {
  const configuration = parse(read('prometheus.yaml')) as Configuration;
  const jobs = configuration.scrape_configs.map((job) => ({ ...job, static_configs: [{ targets: [target] }] }));
  return stringify({ ...configuration, global: { scrape_interval: '1s' }, scrape_configs: jobs });
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
