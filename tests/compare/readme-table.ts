import type { Outcome } from './fault-matrix.js';
import { type Comparison, table } from './report.js';

/** Writes the figure of an outcome in a few words. */
type Cell = (measured: string) => string;

const columns = ['by hand', 'msal-node', '@badgateway', 'm2m-tokens, fetch'];
const firstPart: Cell = (measured) => measured.replace(/,.*/, '');
const grantsOrFailures: Cell = (measured) => {
  const [, grants, failures] = /^(\d+ grants?), (\d+) of/.exec(measured) ?? [];
  if (failures === undefined) return '–';
  return failures === '0' ? (grants ?? '') : `${failures} calls fail`;
};

const measuredRows: readonly (readonly [name: string, id: string, cell: Cell])[] = [
  ['50 first calls', 'first-calls', firstPart],
  [
    'server down',
    'outage',
    (measured) => measured.replace('a call fails', 'fails').replace(' before expiry', ' early'),
  ],
  ['50 calls get a 401', '401-storm', grantsOrFailures],
  ['10 calls, 60 s token', 'short-lived', firstPart],
];
// Not measured.
const describedRows = [
  ['adds the token to', '–', '–', 'fetch', 'axios, fetch, undici'],
  ['shared by processes', '–', 'by a plugin', '–', 'Redis, encrypted'],
];

/** The document with its table of the comparison, and the date below it, replaced. */
export function withReadmeTable(document: string, { date, subjects, rows }: Comparison): string {
  const indexes = columns.map((name) => subjects.findIndex(({ about }) => about.name === name));
  const outcomesOf = (id: string): readonly Outcome[] =>
    rows.find(({ situation }) => situation.id === id)?.outcomes ?? [];
  const text = table([
    ['', ...columns.map((name) => name.replace(/,.*/, ''))],
    ...measuredRows.map(([name, id, cell]) => [
      name,
      ...indexes.map((index) => cell(outcomesOf(id)[index]?.measured ?? '–')),
    ]),
    ...describedRows,
  ]);

  const place = /^\|[^\n]*by hand[^]*?(?=\n\n)/m;
  const dated = /(?<=tests\/compare\/README\.md\) of )\d{4}-\d{2}-\d{2}/;
  if (!place.test(document) || !dated.test(document)) throw new Error('found no table of the comparison');
  return document.replace(place, () => text).replace(dated, date);
}
