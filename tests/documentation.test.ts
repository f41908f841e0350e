import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';

import { expect, test } from '@jest/globals';

const root = join(import.meta.dirname, '..');

/** What users are told, each paragraph or row of a table in one line. */
const paragraphs = readdirSync(root)
  .filter((file) => /^(README|SECURITY)\.md$/.test(file))
  .flatMap((file) => readFileSync(join(root, file), 'utf8').split(/\n\s*\n|\n(?=[|-])/))
  .map((paragraph) => paragraph.replace(/\s+/g, ' '));

test('users are told to keep sensitive data out of scopes [R-29]', () => {
  expect(paragraphs).toContainEqual(expect.stringMatching(/(sensitive|personal).*scope|scope.*(sensitive|personal)/i));
});

test('users are advised to have TLS to the end where a proxy would terminate it [R-95]', () => {
  expect(paragraphs).toContainEqual(expect.stringMatching(/(?=.*TLS)(?=.*proxy)(?=.*(end|terminat))/i));
});
