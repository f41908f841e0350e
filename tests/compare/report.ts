import type { MatrixRow, Outcome } from './fault-matrix.js';
import type { TimeRow } from './measure-call-times.js';
import type { InstalledSubject } from './peers-folder.js';

/** What `npm run compare` has measured. */
export interface Comparison {
  /** Such as `2026-12-31`. */
  readonly date: string;
  readonly subjects: readonly Pick<InstalledSubject, 'about' | 'version'>[];
  readonly rows: readonly MatrixRow[];
  readonly times: readonly TimeRow[];
}

const marks: Readonly<Record<Outcome['mark'], string>> = { passed: '✓', failed: '✗', 'not offered': '–' };

/** The comparison in Markdown: the columns of the tables have the numbers of the subjects. */
export function markdown({ date, subjects, rows, times }: Comparison): string {
  const numbers = subjects.map((_subject, index) => String(index + 1));
  return [
    `Measured on ${date} with Node.js ${process.versions.node}.`,
    table([['', 'subject', 'version', 'documentation'], ...subjects.map(subjectCells)]),
    table([
      ['situation', 'rule', ...numbers],
      ...rows.map(({ situation, outcomes }) => [
        situation.id,
        situation.rule,
        ...outcomes.map(({ mark }) => marks[mark]),
      ]),
    ]),
    '✓ right · ✗ wrong · – not right, but the documentation does not offer it, or the subject sends no requests',
    ...(times.length > 0
      ? [
          'Time of a call ÷ the same by hand; below 1 is faster:',
          table([['', ...numbers], ...times.map(([name, cells]) => [name, ...cells])]),
        ]
      : []),
    'What happened in each situation, by the numbers of the subjects:',
    rows.map(situationLines).join('\n'),
  ].join('\n\n');
}

function subjectCells({ about, version }: Comparison['subjects'][number], index: number): string[] {
  return [String(index + 1), about.name, version ?? '', about.docs];
}

/** The situation, and for each outcome the subjects that had it. */
function situationLines({ situation, outcomes }: MatrixRow): string {
  const groups = new Map<string, number[]>();
  for (const [index, { mark, measured }] of outcomes.entries()) {
    const text = `${marks[mark]} ${measured}`;
    groups.set(text, [...(groups.get(text) ?? []), index + 1]);
  }
  const lines = [...groups].map(([text, numbers]) => `  - ${numbers.join(', ')}: ${text}`);
  return [wrapped(`- **${situation.id}** (${situation.rule}): ${situation.right}`), ...lines].join('\n');
}

/** Breaks a list item at 120 characters. */
function wrapped(item: string): string {
  if (item.length <= 120) return item;
  const end = item.lastIndexOf(' ', 120);
  return `${item.slice(0, end)}\n  ${item.slice(end + 1)}`;
}

/** A table as prettier formats it. */
export function table(rows: readonly (readonly string[])[]): string {
  const widths = rows[0]?.map((_cell, column) => Math.max(3, ...rows.map((row) => row[column]?.length ?? 0))) ?? [];
  const line = (cells: readonly string[]): string =>
    `| ${cells.map((cell, column) => cell.padEnd(widths[column] ?? 0)).join(' | ')} |`;
  const [head = [], ...body] = rows;
  return [line(head), line(widths.map((width) => '-'.repeat(width))), ...body.map(line)].join('\n');
}

/** Replaces the text between the two comments `<!-- comparison -->`. */
export function replaceSection(document: string, text: string): string {
  const parts = document.split('<!-- comparison -->');
  if (parts.length !== 3) throw new Error('expected two comments <!-- comparison -->');
  return `${parts[0]}<!-- comparison -->\n\n${text}\n\n<!-- comparison -->${parts[2]}`;
}
