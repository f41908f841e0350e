import type { ChildProcessWithoutNullStreams } from 'node:child_process';
import { readFileSync } from 'node:fs';

import { describe, expect, test } from '@jest/globals';

import { gate } from '../support/adapter-service.js';
import { startAuthorizationServer } from '../support/authorization-server.js';
import { buildCommand } from '../support/built-command.js';
import { settingsFor } from '../support/command.js';
import { startResourceServer } from '../support/resource-server.js';

const command = await buildCommand();
const { version } = JSON.parse(readFileSync('package.json', 'utf8')) as { version: string };

test('from nothing to a token in one line', async () => {
  const server = await startAuthorizationServer({ metadata: {} });

  const outcome = await command.run(
    ['token', '--issuer', server.origin, '--client-id', 'orders', '--client-secret-file', '-'],
    {
      stdin: 'c4n4ry-s3cret\n',
    },
  );

  expect(outcome).toEqual({ exitCode: 0, stdout: 'token-1\n', stderr: '' });
});

test('it knows its version', async () => {
  expect(await command.run(['--version'])).toEqual({ exitCode: 0, stdout: `${version}\n`, stderr: '' });
});

test('what goes wrong goes to stderr and into the exit code', async () => {
  expect(await command.run(['token'])).toEqual({
    exitCode: 2,
    stdout: '',
    stderr: `m2m: OAUTH_ISSUER or OAUTH_TOKEN_ENDPOINT is missing
  → set OAUTH_ISSUER, --issuer, OAUTH_TOKEN_ENDPOINT, --token-endpoint, or a profile
`,
  });
});

test('a reader that has had enough is no reason for an error', async () => {
  const [server, api] = await Promise.all([startAuthorizationServer(), startResourceServer()]);
  api.answer(() => ({ body: Buffer.alloc(8 * 1024 * 1024) }));

  const { exitCode, stderr } = await command.run(['call', api.origin], {
    environment: settingsFor(server.tokenEndpoint),
    onStart: ({ stdout }) => stdout.once('data', () => stdout.destroy()),
  });

  expect({ exitCode, stderr }).toEqual({ exitCode: 0, stderr: '' });
});

describe('a signal', () => {
  /** Sends a signal to the command while it waits for a token. */
  async function whileItWaits(signal: NodeJS.Signals) {
    const server = await startAuthorizationServer();
    const { opened: asked, open } = gate();
    server.script(() => {
      open();
      return undefined;
    });
    const kill = async (child: ChildProcessWithoutNullStreams) => {
      await asked;
      child.kill(signal);
    };
    const onStart = (child: ChildProcessWithoutNullStreams) => void kill(child);
    return command.run(['token'], { environment: settingsFor(server.tokenEndpoint), onStart });
  }

  test.each([
    ['SIGINT', 130],
    ['SIGTERM', 143],
  ] as const)('%s ends it at once and without a word', async (signal, exitCode) => {
    expect(await whileItWaits(signal)).toEqual({ exitCode, stdout: '', stderr: '' });
  });

  test('is passed on to the command that exec runs, which decides', async () => {
    const server = await startAuthorizationServer();
    const script = `process.on('SIGTERM', () => process.exit(9)); setInterval(() => {}, 1000); console.log('ready')`;

    const { exitCode, stdout } = await command.run(['exec', '--', process.execPath, '-e', script], {
      environment: settingsFor(server.tokenEndpoint),
      onStart: (child) => child.stdout.once('data', () => child.kill('SIGTERM')),
    });

    expect({ exitCode, stdout }).toEqual({ exitCode: 9, stdout: 'ready\n' });
  });
});

describe('at a terminal', () => {
  const prompt = 'Secret of client "orders" (not shown): ';

  async function withoutSecret() {
    const server = await startAuthorizationServer();
    const { OAUTH_CLIENT_SECRET: secret = '', ...environment } = settingsFor(server.tokenEndpoint);
    return { server, secret, environment };
  }

  test('F4 the secret is asked for and not shown; there are colours', async () => {
    const { server, secret, environment } = await withoutSecret();

    const { exitCode, stdout } = await command.runOnTerminal(['doctor'], {
      environment,
      types: [{ after: prompt, keys: `${secret}\r` }],
    });

    expect(exitCode).toBe(0);
    expect(stdout).toContain('\u001b[32m✓\u001b[39m a token was granted');
    expect(stdout).not.toContain(secret);
    expect(server.grants).toMatchObject([{ headers: { authorization: `Basic ${btoa(`orders:${secret}`)}` } }]);
  });

  test('Ctrl-C at the prompt ends it', async () => {
    const { server, environment } = await withoutSecret();

    const { exitCode, stdout } = await command.runOnTerminal(['token'], {
      environment,
      types: [{ after: prompt, keys: 'half\u0003' }],
    });

    expect({ exitCode, stdout }).toEqual({ exitCode: 130, stdout: `${prompt}\r\n` });
    expect(server.requests).toEqual([]);
  });

  test('status and time of a call are shown, and a slow grant is seen to go on', async () => {
    const { server, secret, environment } = await withoutSecret();
    const api = await startResourceServer();
    const { opened, open } = gate();
    server.script(() => opened.then(() => ({ body: { access_token: 't', token_type: 'Bearer', expires_in: 60 } })));

    const { exitCode, stdout } = await command.runOnTerminal(['call', api.origin], {
      environment: { ...environment, OAUTH_CLIENT_SECRET: secret },
      types: [{ after: `asking ${server.tokenEndpoint} for a token …`, keys: '' }],
      onStart: (child) => child.stdout.once('data', open),
    });

    expect(exitCode).toBe(0);
    const shown = ['asking', ' …\r\u001b[K', '"method":"GET"', '\u001b[32m200 OK\u001b[39m \u001b[2m', ' ms'];
    expect(shown.map((part) => stdout.indexOf(part))).not.toContain(-1);
  });
});
