import type { ChildProcessWithoutNullStreams } from 'node:child_process';
import { constants } from 'node:os';

import { describe, expect, test } from '@jest/globals';

import { gate } from '../../support/adapter-service.js';
import { granted, startAuthorizationServer } from '../../support/authorization-server.js';
import { buildCommand } from '../../support/built-command.js';
import { settingsFor } from '../../support/command.js';
import { startHttpServer } from '../../support/http-server.js';

const command = await buildCommand();

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
  ] as const)('%s ends the command at once and without output', async (signal, exitCode) => {
    expect(await whileItWaits(signal)).toEqual({ exitCode, stdout: '', stderr: '' });
  });

  /** The step that hangs: the metadata, the token, its revocation, the response of the API, or its body. */
  const phases: [string, string[]][] = [
    ['metadata', ['token']],
    ['metadata', ['call', '--print', 'curl']],
    ['token', ['doctor']],
    ['revoke', ['revoke']],
    ['api', ['call']],
    ['api', ['doctor']],
    ['body', ['call']],
  ];

  test('Ctrl-C ends each command in each phase', async () => {
    const outcomes = phases.map(async ([hangs, [name = '', ...flags]]) => {
      const { opened: reached, open } = gate();
      const server = await startHttpServer(({ path }, response) => {
        const { origin } = server;
        if (path === '/body') return void response.write('half', () => open());
        if (path.includes(hangs)) {
          open();
          return undefined;
        }
        if (path === '/token') return granted('t0ken');
        return { body: { issuer: `${origin}/metadata`, token_endpoint: `${origin}/token`, revocation_endpoint: `${origin}/revoke` } }; // prettier-ignore
      });
      const { OAUTH_TOKEN_ENDPOINT: _none, ...rest } = settingsFor('');
      const url = name === 'call' || name === 'doctor' ? [`${server.origin}/${hangs}`] : [];

      const { exitCode, stderr } = await command.run([name, ...url, ...flags], {
        environment: { ...rest, OAUTH_ISSUER: `${server.origin}/metadata` },
        stdin: 't0ken',
        onStart: (child) => void reached.then(() => child.kill('SIGINT')),
      });
      return [hangs, name, exitCode, stderr];
    });

    expect(await Promise.all(outcomes)).toEqual(phases.map(([hangs, [name]]) => [hangs, name, 130, '']));
  });

  const signals = ['SIGTERM', 'SIGHUP', 'SIGINT', 'SIGQUIT'] as const;

  test.each(signals)('%s is passed on to the program of exec, which determines the exit code', async (signal) => {
    const server = await startAuthorizationServer();
    const script = `process.on('${signal}', () => process.exit(9)); setInterval(() => {}, 1000); console.log('ready')`;

    const { exitCode, stdout } = await command.run(['exec', '--', process.execPath, '-e', script], {
      environment: settingsFor(server.tokenEndpoint),
      onStart: (child) => child.stdout.once('data', () => child.kill(signal)),
    });

    expect({ exitCode, stdout }).toEqual({ exitCode: 9, stdout: 'ready\n' });
  });

  test.each(signals)('%s that ends the program of exec is its exit code', async (signal) => {
    const server = await startAuthorizationServer();
    // Without a file of memory, which SIGQUIT may leave.
    const script = 'ulimit -c 0; echo ready; exec sleep 20';

    const { exitCode } = await command.run(['exec', '--', 'sh', '-c', script], {
      environment: settingsFor(server.tokenEndpoint),
      onStart: (child) => child.stdout.once('data', () => child.kill(signal)),
    });

    expect(exitCode).toBe(128 + constants.signals[signal]);
  });
});
