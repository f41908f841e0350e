import { readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';

import { expect, test } from '@jest/globals';

import { ConfigurationError, GrantUnavailableError } from '../../src/core/errors.js';
import { executable, type ExecutableOptions } from '../../src/identity/index.js';
import { failureOf, linesThatShow } from '../support/grant-outcome.js';
import { setVariables, unsignedJwt } from '../support/identity-tokens.js';
import { posixTest } from '../support/posix-test.js';
import { temporaryFolder } from '../support/temporary-folder.js';
import { until } from '../support/until.js';

const audience = 'https://auth.example.com';
const jwt = 'urn:ietf:params:oauth:token-type:jwt';
const token = unsignedJwt({ aud: audience, exp: 9e9 });
const success = { version: 1, success: true, token_type: jwt, id_token: token };

/** A source that runs this program of Node.js. */
function running(program: string, options: Partial<ExecutableOptions> = {}) {
  return executable({ command: [process.execPath, '-e', program], ...options });
}

const printing = (response: unknown, options: Partial<ExecutableOptions> = {}) =>
  running(`process.stdout.write(${JSON.stringify(JSON.stringify(response))})`, options);

/** A program that counts its runs in a file, and prints this response. */
async function counted(response: unknown) {
  const path = join(await temporaryFolder(), 'runs');
  await writeFile(path, '');
  const count = `require('node:fs').appendFileSync(${JSON.stringify(path)}, '.');`;
  const source = running(`${count} console.log(${JSON.stringify(JSON.stringify(response))})`);
  return { source, runs: async () => (await readFile(path, 'utf8')).length };
}

test.each([jwt, 'urn:ietf:params:oauth:token-type:id_token'])(
  'a program returns a token of the type %s',
  async (type) => {
    expect(await printing({ ...success, token_type: type }, { audience })()).toBe(token);
  },
);

test('a program runs once while its token is valid, and each time if the expiry is unknown', async () => {
  const expiring = await counted({ ...success, id_token: 'opaque', expiration_time: 9e9 });
  const unknown = await counted({ ...success, id_token: 'opaque' });

  for (const { source } of [expiring, unknown]) {
    await source();
    await source();
  }

  expect([await expiring.runs(), await unknown.runs()]).toEqual([1, 2]);
});

test('a program gets its arguments without a shell, and its variables', async () => {
  setVariables({ INHERITED: 'yes' });
  const program = `const { env, argv } = process; console.log(JSON.stringify({ ...${JSON.stringify(success)}, id_token:
    [argv[1], env.GOOGLE_EXTERNAL_ACCOUNT_AUDIENCE, env.GOOGLE_EXTERNAL_ACCOUNT_TOKEN_TYPE, env.INHERITED, env.OWN].join() }))`;
  const command = [process.execPath, '-e', program, '$(id)&&"a"'];

  const given = await executable({ command, audience, environment: { OWN: 'too' } })();

  expect(given).toBe(`$(id)&&"a",${audience},${jwt},yes,too`);
});

test.each<[unknown, typeof ConfigurationError | typeof GrantUnavailableError, RegExp]>([
  [
    { version: 1, success: false, code: '401', message: 'Caller not authorized.' },
    GrantUnavailableError,
    /\(401\): "Caller not authorized\."/,
  ],
  [{ version: 1, success: false }, GrantUnavailableError, /failure \(no code\): "no message"/],
  [{ ...success, version: 2 }, ConfigurationError, /version 1/],
  [{ ...success, version: undefined }, ConfigurationError, /version 1/],
  [{ ...success, success: 'true' }, GrantUnavailableError, /without "success"/],
  [
    { ...success, token_type: 'urn:ietf:params:oauth:token-type:saml2', saml_response: 'a' },
    ConfigurationError,
    /saml2/,
  ],
  [{ ...success, token_type: undefined }, ConfigurationError, /type "undefined"/],
  [{ ...success, id_token: 5 }, GrantUnavailableError, /is not a string/],
  [{ ...success, id_token: undefined }, GrantUnavailableError, /is not a string/],
  [{ ...success, id_token: 'a b' }, GrantUnavailableError, /white space/],
  [{ ...success, expiration_time: 1 }, GrantUnavailableError, /expired/],
  [{ ...success, id_token: unsignedJwt({ aud: 'other' }) }, ConfigurationError, /audience "other"/],
  [['a list'], GrantUnavailableError, /no JSON object/],
])('the response %j is an error', async (response, ErrorClass, message) => {
  const error = await failureOf(printing(response, { audience })());

  expect(error).toBeInstanceOf(ErrorClass);
  expect(String(error)).toMatch(message);
});

test.each<[string, string, RegExp]>([
  ['prints garbage', `console.log('s3cret: {"version"')`, /no JSON object: run it by hand/],
  ['prints nothing and fails', `process.exitCode = 3`, /no JSON object and ended with the exit code 3/],
  ['prints a token and fails', `console.log('${JSON.stringify(success)}'); process.exitCode = 4`, /exit code 4/],
  [
    'reports a failure and fails',
    `console.log('{"version":1,"success":false,"code":"E","message":"${token}"}'); process.exitCode = 1`,
    /failure \(E\): "\[redacted\]"/,
  ],
])('a program that %s is an error', async (_what, program, message) => {
  const error = await failureOf(running(program)());

  expect(error).toBeInstanceOf(GrantUnavailableError);
  expect(String(error)).toMatch(message);
  expect([...linesThatShow('s3cret', error), ...linesThatShow(token, error)]).toEqual([]);
});

posixTest('a program that a signal ends is an error', async () => {
  const error = await failureOf(running(`process.kill(process.pid, 'SIGKILL')`)());

  expect(error).toBeInstanceOf(GrantUnavailableError);
  expect(String(error)).toContain('no JSON object and was ended by a signal');
});

test('a program that prints 1 MiB is killed', async () => {
  const program = `const write = () => { while (process.stdout.write('a'.repeat(65536))); };
    process.stdout.on('drain', write); write(); setInterval(() => undefined, 1000);`;

  const error = await failureOf(running(program)());

  expect(error).toBeInstanceOf(GrantUnavailableError);
  expect(String(error)).toContain('was killed: it printed more than 128 KiB');
});

posixTest('a program that never ends is killed together with its child processes', async () => {
  const path = join(await temporaryFolder(), 'pids');
  const child = JSON.stringify('setInterval(() => undefined, 1000)');
  const program = `const { pid } = require('node:child_process').spawn(process.execPath, ['-e', ${child}], { stdio: 'inherit' });
    require('node:fs').writeFileSync(${JSON.stringify(path)}, [process.pid, pid].join(' '));
    process.on('SIGTERM', () => undefined); setInterval(() => undefined, 1000);`;

  const error = await failureOf(running(program, { timeoutMs: 3_000 })());

  expect(error).toBeInstanceOf(GrantUnavailableError);
  expect(String(error)).toContain('was killed: it did not end within 3000 ms');
  const pids = (await readFile(path, 'utf8')).split(' ').map(Number);
  expect(pids).toHaveLength(2);
  await until(async () => (await Promise.all(pids.map(isRunning))).every((isUp) => !isUp));
});

/** Whether such a process runs. An ended process that nothing waits for has the state Z on Linux. */
async function isRunning(pid: number): Promise<boolean> {
  try {
    process.kill(pid, 0);
    return !(await readFile(`/proc/${pid}/stat`, 'utf8').catch(() => '')).includes(') Z ');
  } catch {
    return false;
  }
}

test.each([
  ['/nowhere/identity-token', /could not be started \(ENOENT\)/],
  [import.meta.dirname, /could not be started \(E[A-Z]+\)/],
])('a program %s that cannot be started is an error that the user must correct', async (path, message) => {
  const error = await failureOf(executable({ command: [path] })());

  expect(error).toBeInstanceOf(ConfigurationError);
  expect(String(error)).toMatch(message);
});

test.each<[object, RegExp]>([
  [{ command: [] }, /"command" of executable must be a list of strings that begins with the absolute path/],
  [{ command: ['identity-token'] }, /absolute path/],
  [{ command: '/usr/bin/identity-token --for orders' }, /a list of strings/],
  [{ command: ['/usr/bin/a', 5] }, /a list of strings/],
  [{ command: ['/usr/bin/a', 's3cret\0'] }, /a list of strings/],
  [{ command: ['/usr/bin/a'], environment: { A: 's3cret\0' } }, /"environment" of executable must be an object/],
  [{ command: ['/usr/bin/a'], environment: { A: undefined } }, /"environment" of executable must be an object/],
  [{ command: ['/usr/bin/a'], timeoutMs: 0 }, /"timeoutMs" of executable must be a number of milliseconds/],
  [{ command: ['/usr/bin/a'], shell: true }, /no option "shell"/],
])('refuses %j', (options, message) => {
  const make = () => executable(options as ExecutableOptions);

  expect(make).toThrow(ConfigurationError);
  expect(make).toThrow(message);
  expect(make).not.toThrow('s3cret');
});
