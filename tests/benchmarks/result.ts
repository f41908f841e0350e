import { median } from './paired-rounds.js';

/** One line of the report. */
export interface Result {
  readonly name: string;
  readonly unit: Unit;
  readonly ours: number;
  /** The figure of the other contender. */
  readonly other?: number;
  readonly ratio?: number;
  /** The ratio of `other` to a simpler contender, which shows the accuracy of the ratios. */
  readonly control?: number;
  /** Absent if a figure is for information only. */
  readonly target?: Target;
}

/** `ns` and `bytes` are for one call, `ms` for one process. */
export type Unit = 'ns' | 'ms' | 'bytes' | 'KiB' | 'count';

/** The greatest permitted value of one figure. */
export interface Target {
  /** `added` is the difference `ours - other`. */
  readonly of: 'ratio' | 'ours' | 'added';
  readonly atMost: number;
}

/** Whether the target is met; `undefined` if there is none. */
export function isMet({ target, ours, other, ratio }: Result): boolean | undefined {
  if (target === undefined) return undefined;
  const figure = { ours, ratio, added: ours - (other ?? Number.NaN) }[target.of];
  return figure !== undefined && figure <= target.atMost;
}

/** The medians of several runs. */
export function medians(runs: readonly Result[][]): Result[] {
  const [first = []] = runs;
  return first.map((result, index) => {
    const of = (name: 'ours' | 'other' | 'ratio' | 'control') =>
      result[name] !== undefined && { [name]: median(runs.map((run) => run[index]?.[name] ?? Number.NaN)) };
    return { ...result, ...of('ours'), ...of('other'), ...of('ratio'), ...of('control') };
  });
}

/** The results as a table for the terminal. */
export function table(results: readonly Result[]): string {
  const rows = [['', 'ours', 'other', 'ratio', 'control', 'target', ''], ...results.map(cells)];
  const widths = rows[0]?.map((_cell, column) => Math.max(...rows.map((row) => row[column]?.length ?? 0))) ?? [];
  return rows.map((row) => row.map((cell, column) => pad(cell, widths[column] ?? 0, column)).join('  ')).join('\n');
}

function cells(result: Result): string[] {
  const { name, unit, ours, other, ratio, control, target } = result;
  const met = isMet(result);
  return [
    name,
    amount(ours, unit),
    other === undefined ? '' : amount(other, unit),
    ratio === undefined ? '' : ratio.toFixed(3),
    control === undefined ? '' : control.toFixed(3),
    target === undefined ? '' : bar(target, unit),
    met === undefined ? '' : met ? 'ok' : 'missed',
  ];
}

const bar = ({ of, atMost }: Target, unit: Unit): string =>
  `≤ ${of === 'added' ? '+' : ''}${of === 'ratio' ? atMost.toFixed(2) : amount(atMost, unit)}`;

const amount = (value: number, unit: Unit): string =>
  `${Math.round(value).toLocaleString('en-US')}${unit === 'count' ? '' : ` ${unit}`}`;

const pad = (cell: string, width: number, column: number): string =>
  column === 0 ? cell.padEnd(width) : cell.padStart(width);
