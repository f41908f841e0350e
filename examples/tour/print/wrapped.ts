/** The columns that the tour uses: at most 80, fewer in a narrow terminal. */
export const columns = (): number => Math.min(80, Math.max(40, process.stdout.columns || 80));

/** Text in lines that fit between the indent and the last column. Breaks at spaces, else between members of JSON or in a word. */
export function wrapped(text: string, indent: number): string {
  const width = columns() - indent;
  const line = new RegExp(`\\S.{0,${width - 1}}(?=\\s|$)|\\S.{0,${width - 2}},(?=")|\\S{${width}}`, 'g');
  return (text.match(line) ?? ['']).map((part) => part.trimEnd()).join(`\n${' '.repeat(indent)}`);
}
