import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';

import { expect, test } from '@jest/globals';

import { apiRequest, type ApiRequestFlags, checkedUrl } from '../../../../src/cli/commands/call/api-request.js';
import { commandContext } from '../../../support/command.js';
import { temporaryFolder } from '../../../support/temporary-folder.js';

const url = 'https://api.example.com/orders';
const request = (args: string[], flags: ApiRequestFlags = {}, stdin = '') =>
  apiRequest(args, flags, commandContext({ stdin }).context);

test.each<[string, string[], ApiRequestFlags, object]>([
  ['GET without a body', [url], {}, { method: 'GET', headers: [], body: undefined }],
  ['any method', ['delete', url], {}, { method: 'DELETE' }],
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
    'headers of the caller, which win',
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

test('a body comes from a file or stdin as it is', async () => {
  const path = join(await temporaryFolder(), 'body');
  await writeFile(path, Buffer.from([0, 255, 10]));

  expect((await request([url], { data: [`@${path}`] })).body).toEqual(Buffer.from([0, 255, 10]));
  expect((await request([url], { json: '@-' }, '{}\n')).body).toEqual(Buffer.from('{}\n'));
});

test.each<[string, string[], ApiRequestFlags]>([
  ['a request is one method and one URL', ['GET', url, url], {}],
  ['--data and --json are two bodies', [url], { data: ['a'], json: '{}' }],
  ['GET takes no body', ['GET', url], { data: ['a'] }],
  ['the body cannot be read from "/nonexistent" (ENOENT)', [url], { data: ['@/nonexistent'] }],
  ['"api.example.com/orders" is no absolute URL', ['api.example.com/orders'], {}],
  ['--header sets Authorization, which is for the token', [url], { header: ['authorization: Bearer x'] }],
])('refused: %s', async (message, args, flags) => {
  await expect(request(args, flags)).rejects.toMatchObject({ message, exitCode: 2 });
});

test.each(['c4n4ry', 'X c4n4ry: 1', 'X: a\r\nY: c4n4ry'])('a malformed header is not repeated', async (line) => {
  await expect(request([url], { header: [line] })).rejects.toMatchObject({ message: 'a --header is malformed' });
});

test('a token goes over https or to this machine only [R-27 R-38 E20]', () => {
  expect(() => checkedUrl('http://api.example.com')).toThrow('the token would be readable on the way');
  expect(checkedUrl('http://127.0.0.1:80/x').href).toBe('http://127.0.0.1/x');
});

test('a URL with credentials is refused, and these are not repeated', () => {
  expect(() => checkedUrl('https://orders:c4n4ry@api.example.com')).toThrow(/^the URL holds credentials$/);
});
