import { renameSync, writeFileSync } from 'node:fs';
import { appendFile, chmod, readdir, readFile, rename, stat, symlink, truncate, writeFile } from 'node:fs/promises';
import { join } from 'node:path';

import { expect, test } from '@jest/globals';

import { forgetToken, withTokenCache } from '../../src/cli/token-cache.js';
import { AccessToken } from '../../src/core/access-token.js';
import { fakeClock } from '../support/clock.js';
import { runCommand, settingsFor } from '../support/command.js';
import { posixTest } from '../support/posix-test.js';
import { temporaryFolder } from '../support/temporary-folder.js';
import { issue } from '../support/tokens.js';

/** A home folder for several runs of the command. The token source issues another token for each call. */
async function home(place?: string) {
  const HOME = place ?? (await temporaryFolder());
  const folder = join(HOME, '.cache/m2m-tokens');
  const clock = fakeClock();
  const surroundings = { env: { HOME }, clock };
  let issued = 0;
  let next = () => issue(`token-${(issued += 1)}`, clock);
  const run = ({ identity = ['https://a', 'orders'], scope }: { identity?: string[]; scope?: string } = {}) =>
    withTokenCache({ identity, defaults: { scope } }, surroundings)({ getToken: async () => next() });
  const tokenFile = async () => join(folder, (await readdir(folder)).find((name) => name.endsWith('.token')) as string);
  return { folder, clock, surroundings, run, tokenFile, issueNext: (make: typeof next) => void (next = make) };
}

const valueOf = async (token: Promise<AccessToken>) => (await token).value;

test('the next run gets the token of the last one', async () => {
  const { run } = await home();

  expect(await valueOf(run().getToken())).toBe('token-1');
  expect(await valueOf(run().getToken())).toBe('token-1');
});

test.each([
  ['another server', { identity: ['https://b', 'orders'] }],
  ['another client', { identity: ['https://a', 'reports'] }],
  ['another scope', { scope: 'orders:write' }],
])('%s has another token', async (_, other) => {
  const { run } = await home();

  await run().getToken();

  expect(await valueOf(run(other).getToken())).toBe('token-2');
});

test('requests another token if the cached one is rejected, too short, or about to expire', async () => {
  const { run, clock } = await home();
  const token = await run().getToken();

  expect(await valueOf(run().getToken(undefined, { replacing: token }))).toBe('token-2');
  expect(await valueOf(run().getToken(undefined, { minValidityMs: 3_600_001 }))).toBe('token-3');
  clock.advance(3_600_000 - 30_000);
  expect(await valueOf(run().getToken())).toBe('token-4');
});

test('replaces a token from the future [C5]', async () => {
  const { run, clock } = await home();
  await run().getToken();

  clock.step(-60_001);

  expect(await valueOf(run().getToken())).toBe('token-2');
  expect(await valueOf(run().getToken())).toBe('token-2');
});

posixTest('keeps files and folder private, and encrypts the tokens [D18]', async () => {
  const { run, folder } = await home();

  await run().getToken();

  const names = await readdir(folder);
  expect(names).toHaveLength(2);
  const modeOf = async (path: string) => (await stat(path)).mode & 0o777;
  expect(await modeOf(folder)).toBe(0o700);
  for (const name of names) {
    expect(await modeOf(join(folder, name))).toBe(0o600);
    expect(await readFile(join(folder, name), 'latin1')).not.toMatch(/token-1|orders/);
  }
});

posixTest.each(['key', 'token'])('refuses a %s that others can read [D18]', async (kind) => {
  const { run, folder, tokenFile } = await home();
  await run().getToken();

  await chmod(kind === 'key' ? join(folder, 'key') : await tokenFile(), 0o644);

  await expect(run().getToken()).rejects.toThrow('can be read or written by others');
});

posixTest('refuses a folder that others can write, and a link in place of the key [D18]', async () => {
  const { run, folder } = await home();
  await run().getToken();

  await chmod(folder, 0o777);
  await expect(run().getToken()).rejects.toThrow('can be read or written by others');
  await chmod(folder, 0o700);
  await rename(join(folder, 'key'), join(folder, 'elsewhere'));
  await symlink(join(folder, 'elsewhere'), join(folder, 'key'));
  await expect(run().getToken()).rejects.toThrow('is a link');
});

posixTest('the command reports a folder that others can read, and requests no token [D18]', async () => {
  const { run, folder } = await home();
  await run().getToken();
  await chmod(folder, 0o755);
  const environment = { ...settingsFor('http://127.0.0.1:1/token'), XDG_CACHE_HOME: join(folder, '..') };

  expect(await runCommand(['token', '--cache'], { environment })).toEqual({
    exitCode: 2,
    stdout: '',
    stderr: `m2m: ${folder} can be read or written by others\n  → chmod 700 ${folder}\n`,
  });
});

test.each<[string, (path: string) => Promise<void>]>([
  ['cut off', (path) => truncate(path, 20)],
  ['empty', (path) => truncate(path, 0)],
  ['changed in one bit', async (path) => writeFile(path, flip(await readFile(path, 'utf8')))],
])('a file that is %s counts as missing, and is replaced [D18]', async (_, damage) => {
  const { run, tokenFile } = await home();
  await run().getToken();

  await damage(await tokenFile());

  expect(await valueOf(run().getToken())).toBe('token-2');
  expect(await valueOf(run().getToken())).toBe('token-2');
});

test.each<[string, (path: string) => Promise<void>]>([
  ['cut off', (path) => truncate(path, 10)],
  ['empty', (path) => truncate(path, 0)],
  ['extended', (path) => appendFile(path, 'x')],
  ['binary', (path) => writeFile(path, Buffer.alloc(43, 255))],
])('replaces a damaged key that is %s [D18 F15]', async (_, damage) => {
  const { run, folder } = await home();
  await run().getToken();
  await damage(join(folder, 'key'));

  expect(await valueOf(run().getToken())).toBe('token-2');
  expect(await valueOf(run().getToken())).toBe('token-2');
});

test('does not read the file of one token under the name of another [D18]', async () => {
  const { run, folder, tokenFile } = await home();
  await run().getToken();
  const first = await tokenFile();
  await run({ scope: 'b' }).getToken();
  const second = (await readdir(folder)).find((name) => name.endsWith('.token') && !first.endsWith(name)) as string;

  await writeFile(join(folder, second), await readFile(first));

  expect(await valueOf(run({ scope: 'b' }).getToken())).toBe('token-3');
});

test('two first runs at the same time use one key, and leave no further files [D18]', async () => {
  const { run, folder } = await home();

  const [, , token] = await Promise.all([run().getToken(), run().getToken(), run({ scope: 'b' }).getToken()]);

  expect((await readdir(folder)).filter((name) => !/^(key|[0-9a-f]+\.token)$/.test(name))).toEqual([]);
  expect(await valueOf(run({ scope: 'b' }).getToken())).toBe(token.value);
});

test('reports a folder that cannot be created, with advice', async () => {
  const file = join(await temporaryFolder(), 'file');
  await writeFile(file, '');
  const { run } = await home(file);

  await expect(run().getToken()).rejects.toMatchObject({
    message: expect.stringContaining('cannot be written (ENOTDIR)'),
    advice: expect.stringContaining('XDG_CACHE_HOME'),
    exitCode: 2,
  });
});

test('reports a token that cannot be stored [D18]', async () => {
  const { run, folder, issueNext, clock } = await home();
  issueNext(() => {
    // The folder becomes a file during the grant.
    renameSync(folder, `${folder}-old`);
    writeFileSync(folder, '');
    return issue('token', clock);
  });

  await expect(run().getToken()).rejects.toMatchObject({ message: expect.stringContaining('cannot be written') });
});

test('does not keep a DPoP token, which is useless without its key [F7]', async () => {
  const { run, clock, issueNext } = await home();
  const { issuedAt, expiresAt } = issue('', clock);
  issueNext(() => new AccessToken({ value: 'bound', type: 'DPoP', issuedAt, expiresAt }));
  await run().getToken();
  issueNext(() => issue('next', clock));

  expect(await valueOf(run().getToken())).toBe('next');
});

test('forgets one token, whatever it was requested for [R-78]', async () => {
  const { run, surroundings } = await home();
  await run().getToken();
  await run({ scope: 'b' }).getToken();

  await forgetToken('token-2', surroundings);

  expect(await valueOf(run().getToken())).toBe('token-1');
  expect(await valueOf(run({ scope: 'b' }).getToken())).toBe('token-3');
});

test('forgets nothing without a cache, and creates none', async () => {
  const { folder, surroundings } = await home();

  await forgetToken('token', surroundings);

  await expect(readdir(folder)).rejects.toThrow('ENOENT');
});

// One of the last letters of the payload. The very last one has bits without a meaning.
const flip = (text: string): string => text.replace(/.(?=...","until")/, (letter) => (letter === 'A' ? 'B' : 'A'));
