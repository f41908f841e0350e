import { expect } from '@jest/globals';

import { metrics, seriesOf } from './contract.js';
import { startFakeExporter } from './fake-exporter.js';
import { queries } from './files.js';
import { startPrometheus } from './prometheus.js';
import { test as prometheusTest } from './promtool.js';

const timeoutMs = 120_000;

/** A query as Grafana sends it, for all clients. */
const withVariables = (query: string): string =>
  query.replaceAll('$client', '.*').replaceAll('$__rate_interval', '10s');

prometheusTest.each([
  ['leaves the unit out of names', false],
  ['adds the unit to names', true],
])(
  'each query of the dashboard has data, with an exporter that %s',
  async (_, withUnits) => {
    const prometheus = await startPrometheus(await startFakeExporter({ withUnits }));

    for (const query of queries) {
      expect((await prometheus.queryUntilData(withVariables(query))).length).toBeGreaterThan(0);
    }
    for (const series of Object.keys(metrics).flatMap(seriesOf)) {
      expect((await prometheus.query(series)).length).toBeGreaterThan(0);
    }
    expect(await prometheus.query('{__name__=~"m2m_.*_seconds_seconds.*"}')).toEqual([]);
  },
  timeoutMs,
);

prometheusTest(
  'a query that is no PromQL fails, and one without a result has no samples',
  async () => {
    const prometheus = await startPrometheus(await startFakeExporter({ withUnits: true }));

    await expect(prometheus.query('sum(')).rejects.toThrow('parse error');
    expect(await prometheus.query('m2m_absent')).toEqual([]);
  },
  timeoutMs,
);
