import { describe, expect, test } from '@jest/globals';

import { metricOf, metrics } from './contract.js';
import { dashboard, dataPanels, type Panel, queries, recordedNames, rules } from './files.js';
import { readQuery, unknownIn } from './query.js';

describe('the dashboard', () => {
  test('has six rows of panels', () => {
    expect(dashboard.panels.filter(({ type }) => type === 'row').map(({ title }) => title)).toEqual([
      'Is every token alive?',
      'Grants and their latency',
      'Failures by type',
      '401s and resends',
      'Store',
      'Credentials that expire',
    ]);
  });

  test('can be imported: the data source is a variable, ids are unique, and panels do not overlap', () => {
    const { panels, templating } = dashboard;

    expect(templating.list.map(({ name, type }) => `${name}: ${type}`)).toEqual([
      'datasource: datasource',
      'client: query',
    ]);
    expect(new Set(dataPanels.map(({ datasource }) => datasource?.uid))).toEqual(new Set(['${datasource}']));
    expect(new Set(panels.map(({ id }) => id)).size).toBe(panels.length);
    expect(new Set(panels.map(({ title }) => title)).size).toBe(panels.length);
    expect(panels.flatMap((panel, index) => panels.slice(index + 1).filter((other) => overlap(panel, other)))).toEqual(
      [],
    );
    expect(panels.filter(({ gridPos: { x, w } }) => x + w > 24)).toEqual([]);
  });

  test.each(dataPanels.map((panel) => [panel.title, panel] as const))('explains "%s"', (_, panel) => {
    const { description = '', fieldConfig, targets = [] } = panel;

    expect(description).toMatch(/^[A-Z0-9].{40,}\.$/);
    expect(fieldConfig?.defaults.unit).toBeDefined();
    expect(targets.length).toBeGreaterThan(0);
    expect(targets.length).toBeLessThanOrEqual(2);
    for (const { expr, legendFormat } of targets) {
      const labels = [...legendFormat.matchAll(/\{\{(\w+)\}\}/g)].map(([, label]) => label);
      expect(readQuery(expr).groupedBy).toEqual(expect.arrayContaining(labels));
    }
  });

  test('has thresholds in ascending order', () => {
    for (const { fieldConfig } of dataPanels) {
      const [base, ...steps] = (fieldConfig?.defaults.thresholds?.steps ?? []).map(({ value }) => value);

      expect(base ?? null).toBeNull();
      expect(steps).toEqual(steps.toSorted((one, other) => Number(one) - Number(other)));
    }
  });

  test('reads only metrics and labels that exist', () => {
    expect(queries.flatMap((query) => unknownIn(query, recordedNames))).toEqual([]);
  });

  test('reads each time series for the chosen clients', () => {
    for (const query of queries) {
      const filtered = readQuery(query).matchers.filter(
        ({ label, value }) => `${label} ${value}` === 'm2m_client_name $client',
      );

      expect(filtered.map(({ series }) => series)).toEqual(readQuery(query).series);
    }
    expect(dashboard.templating.list[1]?.query).toMatchObject({
      query: 'label_values(m2m_cache_size, m2m_client_name)',
    });
  });

  test('shows each metric, some of them by a recording rule', () => {
    const recorded = rules.filter(({ record }) => record !== undefined).map(({ expr }) => expr);
    const shown = [...queries, ...recorded].flatMap((query) => readQuery(query).series).map(metricOf);

    expect(shown).toEqual(expect.arrayContaining(Object.keys(metrics)));
  });
});

function overlap({ gridPos: one }: Panel, { gridPos: other }: Panel): boolean {
  return one.x < other.x + other.w && other.x < one.x + one.w && one.y < other.y + other.h && other.y < one.y + one.h;
}
