/** One line of the report. */
export interface Result {
  readonly name: string;
  readonly unit: Unit;
  readonly ours: number;
  /** What ours is compared with. */
  readonly other?: number;
  readonly ratio?: number;
  /** Absent where a figure is for information only. */
  readonly target?: Target;
}

/** `ns`, `ms` and `bytes` are for one call, one process start and one call. */
export type Unit = 'ns' | 'ms' | 'bytes' | 'KiB' | 'count';

/** Which figure of a result must not be greater than what. */
export interface Target {
  readonly of: 'ratio' | 'ours';
  readonly atMost: number;
}

/** Whether the target is met; `undefined` where there is none. */
export function isMet({ target, ...figures }: Result): boolean | undefined {
  if (target === undefined) return undefined;
  const figure = figures[target.of];
  return figure !== undefined && figure <= target.atMost;
}

/** Of each result of several runs the one in the middle, by its ratio if it has one. */
export function middle(runs: readonly Result[][]): Result[] {
  const [first = []] = runs;
  return first.map((_result, index) => {
    const ofAll = runs.flatMap((run) => run[index] ?? []);
    const sorted = ofAll.toSorted((a, b) => (a.ratio ?? a.ours) - (b.ratio ?? b.ours));
    return sorted[Math.floor(sorted.length / 2)] as Result;
  });
}

/** The results as a table for the terminal. */
export function table(results: readonly Result[]): string {
  const rows = [['', 'ours', 'other', 'ratio', 'target', ''], ...results.map(cells)];
  const widths = rows[0]?.map((_cell, column) => Math.max(...rows.map((row) => row[column]?.length ?? 0))) ?? [];
  return rows.map((row) => row.map((cell, column) => pad(cell, widths[column] ?? 0, column)).join('  ')).join('\n');
}

function cells(result: Result): string[] {
  const { name, unit, ours, other, ratio, target } = result;
  const marks = new Map([
    [true, '✓'],
    [false, '✗'],
  ]);
  return [
    name,
    figure(ours, unit),
    other === undefined ? '' : figure(other, unit),
    ratio === undefined ? '' : `${ratio.toFixed(3)}×`,
    target === undefined
      ? ''
      : `≤ ${target.of === 'ratio' ? `${target.atMost.toFixed(2)}×` : figure(target.atMost, unit)}`,
    marks.get(isMet(result) as boolean) ?? '',
  ];
}

const figure = (value: number, unit: Unit): string =>
  `${Math.round(value).toLocaleString('en-US')}${unit === 'count' ? '' : ` ${unit}`}`;

const pad = (cell: string, width: number, column: number): string =>
  column === 0 ? cell.padEnd(width) : cell.padStart(width);
