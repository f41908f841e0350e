import { readFileSync } from 'node:fs';
import { join } from 'node:path';

import { describe, expect, test } from '@jest/globals';

import { eventLevels } from '../../src/telemetry/event-levels.js';
import { eventSentence } from '../../src/telemetry/event-sentence.js';
import { fakeClock } from '../support/clock.js';
import { errorOf, situations } from './error-situations.js';
import { sampleEvents } from './sample-events.js';

const guide = readFileSync(join(import.meta.dirname, '../../examples/guides/errors-and-events.md'), 'utf8');
const [, errors = '', events = ''] = guide.split(/\n## .+\n/);

test('the guide has a section for each error code', () => {
  expect(headings(errors)).toEqual(Object.keys(situations));
});

describe.each(Object.entries(situations))('the section of %s', (code, options) => {
  test('quotes the messages of the library', async () => {
    const failures = await Promise.all(options.map(errorOf));

    expect(failures).toEqual(options.map(() => expect.objectContaining({ code })));
    expect(quotes(section(errors, code))).toEqual(failures.map((failure) => (failure as Error).message));
  });
});

test('the guide has a section for each event', () => {
  expect(headings(events)).toEqual(Object.keys(sampleEvents));
});

// In their order: a recovery is `info` only after a failure.
const levels = eventLevels(fakeClock());
const lines = Object.values(sampleEvents).map((event) => ({
  ...event,
  line: `${levels.take(event).level}: ${eventSentence(event)}`,
}));

test.each(lines)('the section of $type quotes its line, and links to the runbook', (event) => {
  const text = section(events, event.type);

  expect(quotes(text)).toEqual([event.line]);
  expect(text).toContain(`](../observability/README.md#${event.type.replaceAll('.', '')})`);
});

const headings = (chapter: string) => [...chapter.matchAll(/^### `(.+)`$/gm)].map(([, title]) => title);

const section = (chapter: string, title: string) => chapter.split(`\n### \`${title}\`\n`)[1]?.split('\n### ')[0] ?? '';

/** The texts of the block quotes, each in one line. */
const quotes = (text: string): string[] =>
  [...text.matchAll(/(?:^> .*\n?)+/gm)].map(([quote]) => quote.trim().replaceAll(/\s+> /g, ' ').slice(2));
