import { readFileSync } from 'node:fs';
import { join } from 'node:path';

import { parse } from 'yaml';

/** The folder with the dashboard, the rules and the runbook. */
export const folder = join(import.meta.dirname, '../../examples/observability');

/** The text of a file in {@link folder}. */
export const read = (file: string): string => readFileSync(join(folder, file), 'utf8');

/** A rule of Prometheus: a recording rule, or an alert. */
export interface Rule {
  readonly record?: string;
  readonly alert?: string;
  readonly expr: string;
  readonly for?: string;
  readonly labels?: Readonly<Record<string, string>>;
  readonly annotations?: Readonly<Record<string, string>>;
}

/** A file of rules. */
export interface RuleFile {
  readonly groups: readonly { readonly name: string; readonly interval: string; readonly rules: readonly Rule[] }[];
}

/** A file of tests for promtool, as far as these tests read it. */
export interface TestFile {
  readonly tests: readonly {
    readonly alert_rule_test: readonly { readonly alertname: string; readonly exp_alerts: readonly unknown[] }[];
  }[];
}

/** alerts.yaml. */
export const ruleFile = parse(read('alerts.yaml')) as RuleFile;

/** All rules of alerts.yaml. */
export const rules: readonly Rule[] = ruleFile.groups.flatMap((group) => group.rules);

/** The names of the alerts, in order. */
export const alertNames: readonly string[] = rules.flatMap(({ alert }) => alert ?? []);

/** The names of the recording rules. */
export const recordedNames: readonly string[] = rules.flatMap(({ record }) => record ?? []);

/** A panel of the dashboard; of type `row` if it is a heading. */
export interface Panel {
  readonly id: number;
  readonly type: string;
  readonly title: string;
  readonly description?: string;
  readonly datasource?: { readonly uid: string };
  readonly gridPos: { readonly x: number; readonly y: number; readonly w: number; readonly h: number };
  readonly targets?: readonly { readonly refId: string; readonly expr: string; readonly legendFormat: string }[];
  readonly fieldConfig?: {
    readonly defaults: {
      readonly unit?: string;
      readonly thresholds?: { readonly steps: readonly { readonly value: number | null }[] };
    };
  };
}

/** The dashboard. */
export const dashboard = JSON.parse(read('dashboard.json')) as {
  readonly panels: readonly Panel[];
  readonly templating: {
    readonly list: readonly { readonly name: string; readonly type: string; readonly query: unknown }[];
  };
};

/** The panels that show data. */
export const dataPanels: readonly Panel[] = dashboard.panels.filter(({ type }) => type !== 'row');

/** The queries of all panels. */
export const queries: readonly string[] = dataPanels.flatMap(({ targets = [] }) => targets.map(({ expr }) => expr));
