import { stripVTControlCharacters } from 'node:util';

import { describe, expect, test } from '@jest/globals';

import { gate } from '../../support/adapter-service.js';
import { startAuthorizationServer } from '../../support/authorization-server.js';
import { buildCommand } from '../../support/built-command.js';
import { settingsFor } from '../../support/command.js';
import { startResourceServer } from '../../support/resource-server.js';

const command = await buildCommand();

describe('at a terminal', () => {
  // The cursor is visible again, and the line of the spinner is empty.
  // oxlint-disable-next-line no-control-regex
  const cleared = /….*\u001b\[\?25h\u001b\[1G\u001b\[0K$/;
  const prompt = 'Secret of client "orders" (hidden): ';

  async function withoutSecret() {
    const server = await startAuthorizationServer();
    const { OAUTH_CLIENT_SECRET: secret = '', ...environment } = settingsFor(server.tokenEndpoint);
    return { server, secret, environment };
  }

  test('prompts for the secret, hides it, and prints in colours [F4]', async () => {
    const { server, secret, environment } = await withoutSecret();

    const { exitCode, stdout } = await command.runOnTerminal(['doctor'], {
      environment,
      types: [{ after: prompt, keys: `${secret}\r` }],
    });

    expect(exitCode).toBe(0);
    expect(stdout).toContain('\u001b[32m✓\u001b[39m the server issued a token');
    expect(stdout).not.toContain(secret);
    expect(server.grants).toMatchObject([{ headers: { authorization: `Basic ${btoa(`orders:${secret}`)}` } }]);
  });

  test('Ctrl-C at the prompt ends the command', async () => {
    const { server, environment } = await withoutSecret();

    const { exitCode, stdout } = await command.runOnTerminal(['token'], {
      environment,
      types: [{ after: prompt, keys: 'half\u0003' }],
    });

    expect({ exitCode, stdout: stripVTControlCharacters(stdout) }).toEqual({ exitCode: 130, stdout: `${prompt}\r\n` });
    expect(server.requests).toEqual([]);
  });

  test.each([
    ['a coloured', {}, true],
    ['a plain', { NO_COLOR: '1' }, false],
  ])('Ctrl-C removes %s spinner and ends the command', async (_, colours, isColoured) => {
    const { server, secret, environment } = await withoutSecret();
    server.script(() => new Promise(() => {}));

    const { exitCode, stdout } = await command.runOnTerminal(['token'], {
      environment: { ...environment, ...colours, OAUTH_CLIENT_SECRET: secret },
      types: [{ after: `requesting a token from ${server.tokenEndpoint} …`, keys: '\u0003' }],
    });

    expect(exitCode).toBe(130);
    expect(stdout.replace('^C', '')).toMatch(cleared);
    expect(stdout.includes('\u001b[36m')).toBe(isColoured);
  });

  test('prints no colours with NO_COLOR', async () => {
    const { server, secret } = await withoutSecret();

    const { exitCode, stdout } = await command.runOnTerminal(['doctor'], {
      environment: { ...settingsFor(server.tokenEndpoint), OAUTH_CLIENT_SECRET: secret, NO_COLOR: '1' },
      types: [],
    });

    expect(exitCode).toBe(0);
    expect(stdout).toContain('✓ the server issued a token');
    expect(stdout).not.toContain('\u001b[3');
  });

  test('Ctrl-C reaches the program of exec once', async () => {
    const { environment, secret } = await withoutSecret();
    const script = `let count = 0; process.on('SIGINT', () => { count += 1; setTimeout(() => { console.log('count ' + count); process.exit(); }, 200); }); setInterval(() => {}, 1000); console.log('ready')`;

    const { stdout } = await command.runOnTerminal(['exec', '--', process.execPath, '-e', script], {
      environment: { ...environment, OAUTH_CLIENT_SECRET: secret },
      types: [{ after: 'ready', keys: '\u0003' }],
    });

    expect(stdout).toContain('count 1');
  });

  test('prints status and time of a call, and a spinner during a slow grant', async () => {
    const { server, secret, environment } = await withoutSecret();
    const api = await startResourceServer();
    const { opened, open } = gate();
    server.script(() => opened.then(() => ({ body: { access_token: 't', token_type: 'Bearer', expires_in: 60 } })));

    const { exitCode, stdout } = await command.runOnTerminal(['call', api.origin], {
      environment: { ...environment, OAUTH_CLIENT_SECRET: secret },
      types: [{ after: `requesting a token from ${server.tokenEndpoint} …`, keys: '' }],
      onStart: (child) => child.stdout.once('data', open),
    });

    expect(exitCode).toBe(0);
    const [spinner = '', response = ''] = stdout.split(/(?=\{"method":"GET")/);
    expect(spinner).toMatch(cleared);
    expect(response).toContain('\u001b[32m200 OK\u001b[39m \u001b[2m');
  });
});
