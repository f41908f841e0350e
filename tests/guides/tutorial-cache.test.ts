import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { inspect } from 'node:util';

import { expect, test } from '@jest/globals';

import { granted, refused } from '../support/authorization-server.js';
import { type Answer, startHttpServer } from '../support/http-server.js';
import { rejected } from '../support/resource-server.js';
import { type ClientName, clientNames, every, firstSecret, startClient } from './clients.js';

const guide = readFileSync(join(import.meta.dirname, '../../examples/guides/tutorial-cache.md'), 'utf8');

/** The faults of the guide: the heading, and what one of the clients does. */
const faults: Readonly<Record<string, (name: ClientName) => Promise<string>>> = {
  async 'Callers do not share a grant'(name) {
    const { client, server } = await startClient(name);
    await Promise.all(Array.from({ length: 50 }, () => client.get('/orders')));
    return `50 calls at once sent ${count(server.grants, 'grant')}`;
  },

  async 'The token is used until its last second'(name) {
    const { server, api, seconds, callAt } = await startClient(name);
    const issuedAt: number[] = [];
    server.script(() => granted(`token-${issuedAt.push(seconds())}`));
    api.answer(({ headers }) => {
      const number = Number(/token-(\d+)/.exec(headers.authorization ?? '')?.[1]);
      return seconds() + 5 < (issuedAt[number - 1] ?? 0) + 3_600 ? {} : rejected();
    });
    await callAt(every(60, 0, 3_570));
    return `of one call a second in the last 30 s of a token, ${await callAt(every(1, 3_570, 3_600))} failed`;
  },

  async 'A short outage fails calls'(name) {
    const { server, seconds, callAt } = await startClient(name);
    const isDown = () => seconds() >= 3_600 && seconds() < 3_610;
    server.script(() => (isDown() ? { status: 503 } : granted('token')));
    await callAt(every(60, 0, 3_600));
    return `of one call a second in an outage of 10 s, ${await callAt(every(1, 3_600, 3_610))} failed`;
  },

  async 'A revoked token stays in use'(name) {
    const { api, callAt } = await startClient(name);
    await callAt([0]);
    api.revoke('token-1');
    return `of one call a minute until the token expires, ${await callAt(every(60, 1_800, 3_600))} failed`;
  },

  async 'A wrong secret is sent again and again'(name) {
    const { server, callAt } = await startClient(name);
    server.script(refused('invalid_client', { status: 401 }));
    await callAt(every(1, 0, 100));
    return `100 calls in 100 s sent ${count(server.grants, 'rejected grant')}`;
  },

  async 'A rate limit is ignored'(name) {
    const { server, callAt } = await startClient(name);
    server.script({ status: 429, headers: { 'retry-after': '60' } });
    await callAt(every(1, 0, 60));
    return `60 calls in 60 s sent ${count(server.grants, 'grant')}, although the server had asked for a pause of 60 s`;
  },

  async 'A response without expires_in is never cached'(name) {
    const { server, callAt } = await startClient(name);
    server.script(granted('token', { expires_in: undefined }));
    await callAt(every(1, 0, 20));
    return `20 calls sent ${count(server.grants, 'grant')}`;
  },

  async 'Any 200 counts as a token'(name) {
    const { server, api, callAt } = await startClient(name);
    const page: Answer = { headers: { 'content-type': 'text/html' }, body: '<h1>Sign in</h1>' };
    server.script(page);
    await callAt([0]);
    const wrong = api.requests.filter(({ headers }) => headers.authorization === 'Bearer undefined');
    return `one call sent ${count(wrong, 'request')} with "Bearer undefined" to the API`;
  },

  async 'The token goes to any URL'(name) {
    const { client } = await startClient(name);
    const other = await startHttpServer(() => ({}));
    await client.get(`${other.origin}/next-page`);
    const tokens = other.requests.filter(({ headers }) => headers.authorization !== undefined);
    return `a call of another server's URL sent it ${count(tokens, 'token')}`;
  },

  async 'The secret and the token are in the errors'(name) {
    const { server, api, client, callAt } = await startClient(name);
    const printed = async () => inspect(await client.get('/orders').catch((error: unknown) => error), { depth: 9 });
    server.script(refused('invalid_client', { status: 401 }));
    const hasSecret = (await printed()).includes(firstSecret);
    server.script(granted('token-of-the-client'));
    await callAt([4_000]);
    api.answer(() => ({ status: 404 }));
    const hasToken = (await printed()).includes('token-of-the-client');
    return `the error of the grant ${shows(hasSecret)} the secret; the error of an API call ${shows(hasToken)} the token`;
  },

  async 'A replaced secret needs a restart'(name) {
    const { server, callAt, setSecret } = await startClient(name);
    const secondSecret = 'second-secret-of-the-client';
    server.script(({ headers, body }) => {
      const basic = Buffer.from(headers.authorization?.replace('Basic ', '') ?? '', 'base64').toString();
      return `${basic} ${body}`.includes(secondSecret) ? granted('token') : refused('invalid_client', { status: 401 });
    });
    setSecret(secondSecret);
    return `10 calls after the replacement: ${await callAt(every(1, 0, 10))} failed`;
  },
};

test('the guide shows the tutorial that is measured', () => {
  const source = readFileSync(join(import.meta.dirname, 'tutorial-cache.ts'), 'utf8');

  expect(guide).toContain(`\`\`\`ts\n${source}\`\`\``);
});

test('the guide has a section for each fault', () => {
  expect([...guide.matchAll(/^## (.+)$/gm)].map(([, title]) => title?.replaceAll('`', ''))).toEqual(
    Object.keys(faults),
  );
});

test.each(Object.entries(faults).flatMap(([title, measure]) => clientNames.map((name) => ({ title, name, measure }))))(
  'the guide tells what was measured: $title, $name',
  async ({ title, name, measure }) => {
    const [, section = ''] = guide.replaceAll('`', '').split(`\n## ${title}\n`);

    expect(section.split('\n## ')[0]?.replaceAll(/\s+/g, ' ')).toContain(` - ${name}: ${await measure(name)}.`);
  },
);

const count = ({ length }: readonly unknown[], noun: string): string => `${length} ${noun}${length === 1 ? '' : 's'}`;
const shows = (isShown: boolean): string => (isShown ? 'shows' : 'does not show');
