import { chmod, open, readdir, readFile, rename, stat, symlink, truncate, writeFile } from 'node:fs/promises';
import { join } from 'node:path';

import { expect, test } from '@jest/globals';

import { withTokenFiles } from '../../src/cli/token-cache.js';
import { AccessToken } from '../../src/core/access-token.js';
import { cleanUp } from '../support/clean-up.js';
import { fakeClock } from '../support/clock.js';
import { temporaryFolder } from '../support/temporary-folder.js';
import { issue } from '../support/tokens.js';

/** A home folder, and runs of the command there: each with a source of its own that issues one token after the other. */
async function home(place?: string) {
  const HOME = place ?? (await temporaryFolder());
  const folder = join(HOME, '.cache/m2m-tokens');
  const clock = fakeClock();
  let issued = 0;
  let next = () => issue(`token-${(issued += 1)}`, clock);
  const run = ({ identity = ['https://a', 'orders'], scope }: { identity?: string[]; scope?: string } = {}) =>
    withTokenFiles({ identity, defaults: { scope }, env: { HOME }, clock })({ getToken: async () => next() });
  const tokenFile = async () => join(folder, (await readdir(folder)).find((name) => name.endsWith('.token')) as string);
  return { folder, clock, run, tokenFile, issueNext: (make: typeof next) => void (next = make) };
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

test('another token is fetched when the kept one is rejected, too short, or about to expire', async () => {
  const { run, clock } = await home();
  const token = await run().getToken();

  expect(await valueOf(run().getToken(undefined, { replacing: token }))).toBe('token-2');
  expect(await valueOf(run().getToken(undefined, { minValidityMs: 3_600_001 }))).toBe('token-3');
  clock.advance(3_600_000 - 30_000);
  expect(await valueOf(run().getToken())).toBe('token-4');
});

test('a token from the future is not believed [C5]', async () => {
  const { run, clock } = await home();
  await run().getToken();

  clock.step(-60_001);

  expect(await valueOf(run().getToken())).toBe('token-2');
});

test('files and folder are for their owner only, and nothing in them can be read without the key [D18]', async () => {
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

test.each(['key', 'token'])('a %s that others can read is refused [D18]', async (kind) => {
  const { run, folder, tokenFile } = await home();
  await run().getToken();

  await chmod(kind === 'key' ? join(folder, 'key') : await tokenFile(), 0o644);

  await expect(run().getToken()).rejects.toThrow('can be read or written by others');
});

test('so is a folder that others can write to, and a link in place of the key [D18]', async () => {
  const { run, folder } = await home();
  await run().getToken();

  await chmod(folder, 0o777);
  await expect(run().getToken()).rejects.toThrow('can be written by others');
  await chmod(folder, 0o700);
  await rename(join(folder, 'key'), join(folder, 'elsewhere'));
  await symlink(join(folder, 'elsewhere'), join(folder, 'key'));
  await expect(run().getToken()).rejects.toThrow('is a link');
});

test.each<[string, (path: string) => Promise<void>]>([
  ['cut off', (path) => truncate(path, 20)],
  ['empty', (path) => truncate(path, 0)],
  ['changed in one bit', async (path) => writeFile(path, flip(await readFile(path, 'utf8')))],
])('a file that is %s is as good as none [D18]', async (_, damage) => {
  const { run, tokenFile } = await home();
  await run().getToken();

  await damage(await tokenFile());

  expect(await valueOf(run().getToken())).toBe('token-2');
  expect(await valueOf(run().getToken())).toBe('token-2');
});

test('a file is replaced as a whole: who has begun to read the old one reads it to its end [D18]', async () => {
  const { run, tokenFile } = await home();
  const token = await run().getToken();
  const path = await tokenFile();
  const old = await readFile(path, 'utf8');
  const opened = await open(path);
  cleanUp(() => opened.close());

  await run().getToken(undefined, { replacing: token });

  expect(await readFile(path, 'utf8')).not.toBe(old);
  expect(await opened.readFile('utf8')).toBe(old);
});

test('the file of one token is none under the name of another [D18]', async () => {
  const { run, folder, tokenFile } = await home();
  await run().getToken();
  const first = await tokenFile();
  await run({ scope: 'b' }).getToken();
  const second = (await readdir(folder)).find((name) => name.endsWith('.token') && !first.endsWith(name)) as string;

  await writeFile(join(folder, second), await readFile(first));

  expect(await valueOf(run({ scope: 'b' }).getToken())).toBe('token-3');
});

test('two first runs at the same time agree on a key, and leave no other files [D18]', async () => {
  const { run, folder } = await home();

  const [, , token] = await Promise.all([run().getToken(), run().getToken(), run({ scope: 'b' }).getToken()]);

  expect((await readdir(folder)).filter((name) => !/^(key|[\w-]{43}\.token)$/.test(name))).toEqual([]);
  expect(await valueOf(run({ scope: 'b' }).getToken())).toBe(token.value);
});

test('a folder that cannot be made is told, with what to do', async () => {
  const file = join(await temporaryFolder(), 'file');
  await writeFile(file, '');
  const { run } = await home(file);

  await expect(run().getToken()).rejects.toMatchObject({ message: expect.stringContaining('(ENOTDIR)'), exitCode: 2 });
});

test('a token that is bound to a key is not kept without it [F7]', async () => {
  const { run, clock, issueNext } = await home();
  const { issuedAt, expiresAt } = issue('', clock);
  issueNext(() => new AccessToken({ value: 'bound', type: 'DPoP', issuedAt, expiresAt }));
  await run().getToken();
  issueNext(() => issue('next', clock));

  expect(await valueOf(run().getToken())).toBe('next');
});

const flip = (text: string): string => `${text.slice(0, -4)}${text.at(-4) === 'A' ? 'B' : 'A'}${text.slice(-3)}`;
