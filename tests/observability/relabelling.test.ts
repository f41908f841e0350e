import { expect, test } from '@jest/globals';
import { parse } from 'yaml';

import { metrics, seriesOf } from './contract.js';
import { read } from './files.js';

interface Relabelling {
  readonly regex: string;
  readonly replacement: string;
}

const { scrape_configs: jobs } = parse(read('prometheus.yaml')) as {
  readonly scrape_configs: readonly { readonly metric_relabel_configs: readonly Relabelling[] }[];
};

/** The name of a time series after `metric_relabel_configs`. Prometheus anchors the pattern at both ends. */
const relabelled = (series: string): string =>
  jobs
    .flatMap((job) => job.metric_relabel_configs)
    .reduce(
      (name, { regex, replacement }) =>
        name.replace(new RegExp(`^(?:${regex})$`), replacement.replaceAll(/\$\{(\d)\}/g, '$$$1')),
      series,
    );

test.each(Object.keys(metrics).flatMap(seriesOf))('%s gets its unit, and keeps it if it has one', (series) => {
  expect(relabelled(series.replace(/_seconds(?=$|_bucket$|_sum$|_count$)/, ''))).toBe(series);
  expect(relabelled(series)).toBe(series);
});
