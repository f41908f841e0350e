import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';

import { expect, test } from '@jest/globals';

import { apiRequest, type ApiRequestFlags, checkedUrl } from '../../../../src/cli/commands/call/api-request.js';
import { commandContext } from '../../../support/command.js';
import { temporaryFolder } from '../../../support/temporary-folder.js';

const url = 'https://api.example.com/orders';
const request = (args: string[], flags: ApiRequestFlags = {}, stdin = '') =>
  apiRequest(args, flags, {}, commandContext({ stdin }).context);

test.each<[string, string[], ApiRequestFlags, object]>([
  ['GET without a body', [url], {}, { method: 'GET', headers: [], body: undefined }],
  ['any method', ['delete', url], {}, { method: 'DELETE' }],
  ['a method like curl', [url], { request: 'patch' }, { method: 'PATCH' }],
  [
    'POST with a form',
    [url],
    { data: ['a=1', 'b=2'] },
    { method: 'POST', headers: [['Content-Type', 'application/x-www-form-urlencoded']], body: Buffer.from('a=1&b=2') },
  ],
  [
    'JSON',
    ['PUT', url],
    { json: '{}' },
    {
      method: 'PUT',
      headers: [
        ['Content-Type', 'application/json'],
        ['Accept', 'application/json'],
      ],
      body: Buffer.from('{}'),
    },
  ],
  [
    'headers of the caller, which override the defaults',
    [url],
    { data: ['x'], header: ['content-type: text/plain', 'X-A:1'] },
    {
      headers: [
        ['content-type', 'text/plain'],
        ['X-A', '1'],
      ],
    },
  ],
])('%s', async (_, args, flags, expected) => {
  expect(await request(args, flags)).toMatchObject({ url: new URL(url), ...expected });
});

test('sends a file or stdin unchanged as the body', async () => {
  const path = join(await temporaryFolder(), 'body');
  await writeFile(path, Buffer.from([0, 255, 10]));

  expect((await request([url], { data: [`@${path}`] })).body).toEqual(Buffer.from([0, 255, 10]));
  expect((await request([url], { json: '@-' }, '{}\n')).body).toEqual(Buffer.from('{}\n'));
});

test.each<[string, string[], ApiRequestFlags]>([
  ['expected [METHOD] URL', ['GET', url, url], {}],
  ['the method is given twice', ['GET', url], { request: 'GET' }],
  ['the method is malformed or not allowed', ['TRACE', url], {}],
  ['the method is malformed or not allowed', [url], { request: 'GE T' }],
  ['--data and --json cannot be combined', [url], { data: ['a'], json: '{}' }],
  ['GET has no body', ['GET', url], { data: ['a'] }],
  ['the body cannot be read (ENOENT)', [url], { data: ['@c4n4ry'] }],
  ['the body cannot be read from "tests/missing" (ENOENT)', [url], { data: ['@tests/missing'] }],
  ['"api.example.com/orders" is not an absolute URL', ['api.example.com/orders'], {}],
  ['--header cannot set Authorization', [url], { header: ['authorization: Bearer x'] }],
])('refuses: %s', async (message, args, flags) => {
  await expect(request(args, flags)).rejects.toMatchObject({ message, exitCode: 2 });
});

test.each(['c4n4ry', 'X c4n4ry: 1', 'X: a\r\nY: c4n4ry', 'X: c4n4ry \u{1f600}'])(
  'does not repeat a malformed header',
  async (line) => {
    await expect(request([url], { header: [line] })).rejects.toMatchObject({ message: 'a --header is malformed' });
  },
);

test('sends a token over https or to this machine only [R-27 R-38 E20]', () => {
  expect(() => checkedUrl('http://api.example.com', {})).toThrow(
    'http to http://api.example.com would reveal the token',
  );
  expect(checkedUrl('http://127.0.0.1:80/x', {}).href).toBe('http://127.0.0.1/x');
});

test('refuses a URL with credentials, and does not repeat them', () => {
  expect(() => checkedUrl('https://orders:c4n4ry@api.example.com', {})).toThrow(/^the URL contains credentials$/);
});
