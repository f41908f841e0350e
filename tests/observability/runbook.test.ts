import { describe, expect, test } from '@jest/globals';

import type { TokenEvent } from '../../src/core/events.js';
import { alertNames, read } from './files.js';

/** Every event: the compiler reports one that is missing. */
const events = {
  'grant.succeeded': true,
  'grant.failed': true,
  'grant.retry_scheduled': true,
  'grant.suppressed': true,
  'renewal.failed': true,
  'renewal.recovered': true,
  'credential.reread': true,
  'token.awaited': true,
  'token.unavailable': true,
  'token.expired_on_arrival': true,
  'token.lifetime_capped': true,
  'token.evicted': true,
  'revocation.failed': true,
  'store.called': true,
  'store.failed': true,
  'store.recovered': true,
  'request.resent': true,
  'request.not_resent': true,
  'http.allowed': true,
} as const satisfies Readonly<Record<TokenEvent['type'], true>>;

const sections = { alerts: sectionsBelow('Alerts'), events: sectionsBelow('Events') };

test('the runbook has a section for each alert, in the order of alerts.yaml', () => {
  expect(sections.alerts.map(([title]) => title)).toEqual(alertNames);
});

test('the runbook has a section for each event', () => {
  expect(sections.events.map(([title]) => title)).toEqual(Object.keys(events).map((type) => `\`${type}\``));
});

describe.each([...sections.alerts, ...sections.events])('the section %s', (_, text) => {
  test('says in 3 to 8 lines what it means, what to look at and what to do', () => {
    expect(text.match(/^- \*\*(Meaning|Look at|Do):\*\*/gm)).toEqual(['- **Meaning:**', '- **Look at:**', '- **Do:**']);
    expect(text.split('\n').length).toBeGreaterThanOrEqual(3);
    expect(text.split('\n').length).toBeLessThanOrEqual(8);
  });
});

/** Title and text of the sections in a chapter of the runbook. */
function sectionsBelow(chapter: string): (readonly [title: string, text: string])[] {
  const [, text = ''] = read('README.md').split(`\n## ${chapter}\n`);
  const [within = ''] = text.split('\n## ');
  return within
    .split('\n### ')
    .slice(1)
    .map((section) => {
      const [title = '', ...lines] = section.trim().split('\n');
      return [title, lines.join('\n').trim()] as const;
    });
}
