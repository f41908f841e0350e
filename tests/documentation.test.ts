import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { dirname, join } from 'node:path';

import { describe, expect, test } from '@jest/globals';

import { startTokenService } from './support/token-service.js';

const root = join(import.meta.dirname, '..');
const read = (file: string): string => readFileSync(join(root, file), 'utf8');
const { scripts, exports } = JSON.parse(read('package.json')) as Readonly<
  Record<'scripts' | 'exports', Readonly<Record<string, unknown>>>
>;

const documents = [
  ...readdirSync(root),
  ...['.github', 'examples', 'tests'].flatMap((folder) =>
    readdirSync(join(root, folder), { recursive: true, encoding: 'utf8' }).map((file) => join(folder, file)),
  ),
].filter((file) => file.endsWith('.md') || file === 'llms.txt');

describe.each(documents)('%s', (file) => {
  const text = read(file);
  const found = (pattern: RegExp): string[] => [...text.matchAll(pattern)].map(([, match = '']) => match);

  test('links to files and headings that exist', () => {
    const links = found(/\]\((?![a-z]+:)([^)\s]+)\)/g);

    expect(links.filter((link) => !leadsSomewhere(file, link))).toEqual([]);
  });

  test('names files that exist', () => {
    const paths = found(/`((?:src|tests|examples)\/[\w./-]+)`/g);

    expect(paths.filter((path) => !existsSync(join(root, path)))).toEqual([]);
  });

  test('names scripts that exist', () => {
    expect(Object.keys(scripts)).toEqual(expect.arrayContaining(found(/npm run ([\w:]+)/g)));
  });

  test('has lines that fit into a terminal', () => {
    expect(longLinesIn(text)).toEqual([]);
  });
});

test('the README has at most 16 KB', () => {
  expect(Buffer.byteLength(read('README.md'))).toBeLessThanOrEqual(16 * 1024);
});

test('llms.txt has the parts of its format, and names each entry of the package', () => {
  const text = read('llms.txt');
  const [introduction, ...sections] = text.split('\n## ');
  const entries = Object.keys(exports).filter((entry) => entry.startsWith('./') && entry !== './package.json');

  expect(introduction).toMatch(/^# m2m-tokens\n\n> /);
  expect(sections.length).toBeGreaterThan(2);
  for (const section of sections) expect(section).toMatch(/^[^\n]+\n\n(?:- \[[^\n]+\n)+$/);
  expect(entries.filter((entry) => !text.includes(`\`${entry.slice(1)}\``))).toEqual([]);
});

test('the index of the examples names each guide and each program', () => {
  const index = read('examples/README.md');
  const files = ['', 'guides/'].flatMap((folder) =>
    readdirSync(join(root, 'examples', folder))
      .map((file) => folder + file)
      .filter((file) => /\.(?:ts|md)$/.test(file) && file !== 'README.md'),
  );

  expect(files.filter((file) => !index.includes(`](${file})`))).toEqual([]);
});

// Therefore the README tells users to keep sensitive data out of scopes.
test('events tell the scope of a token [R-29]', async () => {
  const { tokens, events } = await startTokenService({ scope: 'orders:read' });

  await tokens.getToken();

  expect(events).toContainEqual(expect.objectContaining({ type: 'grant.succeeded', requestedScope: 'orders:read' }));
});

/** Lines of prose above 120 characters, and of tables and code above 160. A definition of a link cannot be broken. */
function longLinesIn(markdown: string): string[] {
  let isCode = false;
  return markdown.split('\n').filter((line) => {
    if (line.startsWith('```')) isCode = !isCode;
    if (/^\[[\w-]+\]: \S+$/.test(line)) return false;
    return line.length > (isCode || line.startsWith('|') ? 160 : 120);
  });
}

function leadsSomewhere(from: string, link: string): boolean {
  const [path = '', heading] = link.split('#');
  const target = path === '' ? from : join(dirname(from), path);
  if (!existsSync(join(root, target))) return false;
  return heading === undefined || headingsOf(read(target)).includes(heading);
}

/** The anchors that GitHub makes of the headings. */
const headingsOf = (markdown: string): string[] =>
  [...markdown.matchAll(/^#+ (.+)$/gm)].map(([, title = '']) =>
    title
      .toLowerCase()
      .replaceAll(/[^\w\- ]/g, '')
      .replaceAll(' ', '-'),
  );
