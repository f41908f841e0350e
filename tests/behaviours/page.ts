/** A group of behaviours in behaviours.json. */
export interface Group {
  readonly title: string;
  readonly behaviours: Readonly<Record<string, string>>;
  /** The behaviours that are not the task of this library, with the reason. */
  readonly doNotApply?: Readonly<Record<string, string>>;
}

const introduction = `# Look up how it behaves

What the library does in each situation: one rule for each heading, so that you can link to it.

The tests name the ids. This command runs the quick tests of a rule:

\`\`\`sh
npm test -- -t '\\bE1\\b'
\`\`\`

This page is made from \`tests/behaviours/behaviours.json\`: edit that file, then run
\`npm run coverage:behaviour -- --write\`. A test compares the two.
`;

/** The guide `examples/guides/behaviour.md`: a heading for each behaviour. */
export function behaviourPage(groups: readonly Group[]): string {
  return [introduction, ...groups.map(chapter)].join('\n');
}

const chapter = ({ title, behaviours, doNotApply = {} }: Group): string =>
  [
    `## ${title}`,
    ...Object.entries(behaviours).map(([id, rule]) => {
      const reason = doNotApply[id];
      return `### ${id}\n\n${wrap(code(reason === undefined ? rule : `${rule} Does not apply: ${reason}`))}`;
    }),
  ].join('\n\n') + '\n';

/** Sets names such as `expires_in`, `assumeBearer` and `GrantRejectedError` as code. */
const code = (text: string): string =>
  text.replaceAll(/\w+_\w+(?:=\w+)?|\b[a-z]+[A-Z]\w+|\w+Error\b/g, (name) => `\`${name}\``);

/** Breaks lines after at most 120 characters, as prettier does. */
function wrap(text: string): string {
  const lines = [''];
  for (const word of text.split(' ')) {
    const last = lines.at(-1) ?? '';
    const longer = last === '' ? word : `${last} ${word}`;
    if (longer.length <= 120) lines[lines.length - 1] = longer;
    else lines.push(word);
  }
  return lines.join('\n');
}
