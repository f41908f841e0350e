import { commonLabels, metricOf, metrics } from './contract.js';

/** What a PromQL expression reads. */
export interface Query {
  /** The names of time series. */
  readonly series: readonly string[];
  /** The labels by which it groups. */
  readonly groupedBy: readonly string[];
  readonly matchers: readonly { readonly series: string; readonly label: string; readonly value: string }[];
}

const identifier = /(?<![\w.:])[a-zA-Z_:][\w:]*(?!\w|\s*\()/g;
const keywords = new Set(['and', 'or', 'unless', 'offset', 'by', 'without', 'on', 'ignoring', 'bool']);

/** Reads an expression as far as the tests need it: names, groupings and matchers. */
export function readQuery(expression: string): Query {
  const groupings = /\b(?:by|without|on|ignoring)\s*\(([^)]*)\)/g;
  const selectors = /([a-zA-Z_:][\w:]*)\{([^}]*)\}/g;
  const matchers = [...expression.matchAll(selectors)].flatMap(([, series = '', inside = '']) =>
    [...inside.matchAll(/(\w+)\s*(?:=~|!~|!=|=)\s*"([^"]*)"/g)].map(([, label = '', value = '']) => ({
      series,
      label,
      value,
    })),
  );
  const rest = expression
    .replaceAll(groupings, '')
    .replaceAll(/\{[^}]*\}/g, '')
    .replaceAll(/\[[^\]]*\]/g, '');
  return {
    series: [...rest.matchAll(identifier)].map(([name]) => name).filter((name) => !keywords.has(name)),
    groupedBy: [...expression.matchAll(groupings)].flatMap(([, inside = '']) => inside.split(',').map((s) => s.trim())),
    matchers,
  };
}

/** The labels that Prometheus adds. */
const addedLabels = ['job', 'instance', 'le'];

/**
 * Lists what an expression reads beside the metrics, labels and values of the contract. `recorded` are the names of
 * recording rules.
 */
export function unknownIn(expression: string, recorded: readonly string[]): string[] {
  const { series, groupedBy, matchers } = readQuery(expression);
  const ownLabels = Object.values(metrics).flatMap(({ labels }) => Object.keys(labels));
  const everyLabel = new Set([...addedLabels, ...commonLabels, ...ownLabels]);
  return [
    ...series.filter((name) => metricOf(name) === undefined && !recorded.includes(name)),
    ...groupedBy.filter((label) => !everyLabel.has(label)),
    ...matchers
      .filter((matcher) => !isKnown(matcher))
      .map(({ series: name, label, value }) => `${name}{${label}="${value}"}`),
  ];
}

function isKnown({ series, label, value }: Query['matchers'][number]): boolean {
  if ([...addedLabels, ...commonLabels].includes(label)) return true;
  const values = metrics[metricOf(series) ?? '']?.labels[label];
  if (values === undefined) return false;
  // An empty value matches time series without the label.
  return value === '' || value.split('|').every((one) => values.includes(one));
}
