import type { ChildProcessWithoutNullStreams } from 'node:child_process';
import { existsSync, readFileSync } from 'node:fs';
import { writeFile } from 'node:fs/promises';
import { constants } from 'node:os';
import { join } from 'node:path';
import { stripVTControlCharacters } from 'node:util';

import { describe, expect, test } from '@jest/globals';

import { gate } from '../support/adapter-service.js';
import { granted, startAuthorizationServer } from '../support/authorization-server.js';
import { buildCommand } from '../support/built-command.js';
import { settingsFor } from '../support/command.js';
import { startHttpServer } from '../support/http-server.js';
import { startTlsServer } from '../support/mutual-tls.js';
import { startResourceServer } from '../support/resource-server.js';
import { temporaryFolder } from '../support/temporary-folder.js';

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

test('prints its version', async () => {
  expect(await command.run(['--version'])).toEqual({ exitCode: 0, stdout: `${version}\n`, stderr: '' });
});

describe('an env file with NODE_OPTIONS', () => {
  /** A file whose NODE_OPTIONS names a program that leaves a file behind. */
  async function envFile(tokenEndpoint: string) {
    const folder = await temporaryFolder();
    const [program, trace] = [join(folder, 'program.cjs'), join(folder, 'trace')];
    await writeFile(program, `require('node:fs').writeFileSync(${JSON.stringify(trace)}, '')`);
    const path = join(folder, 'orders.env');
    const settings = Object.entries(settingsFor(tokenEndpoint)).map(([name, value]) => `${name}=${value}\n`);
    await writeFile(path, `NODE_OPTIONS=--require=${program}\n${settings.join('')}`);
    return { path, hasRun: () => existsSync(trace) };
  }

  test.each([
    ['token --env FILE', (path: string) => ['token', '--env', path], 'token-1\n'],
    ['token --env=FILE', (path: string) => ['token', `--env=${path}`], 'token-1\n'],
    ['exec --env FILE', (path: string) => ['exec', '--env', path, '--', 'printenv', 'ACCESS_TOKEN'], 'token-1\n'],
    [
      'exec -- PROGRAM --env-file FILE',
      (path: string) => ['exec', '--env', path, '--', 'echo', '--env-file', path],
      '--env-file',
    ],
  ])('runs no code with %s [F14]', async (_, argv, stdout) => {
    const server = await startAuthorizationServer();
    const { path, hasRun } = await envFile(server.tokenEndpoint);

    const outcome = await command.run(argv(path));

    expect(outcome).toEqual({ exitCode: 0, stdout: expect.stringContaining(stdout), stderr: '' });
    expect(hasRun()).toBe(false);
  });

  test('that is missing is an error of the command [F14]', async () => {
    const path = join(await temporaryFolder(), 'orders.env');

    expect(await command.run(['token', '--env', path])).toEqual({
      exitCode: 2,
      stdout: '',
      stderr: `m2m: the env file cannot be read from ${path} (ENOENT)\n  → check --env\n`,
    });
  });
});

test('reports an error on stderr and by the exit code', async () => {
  expect(await command.run(['token'])).toEqual({
    exitCode: 2,
    stdout: '',
    stderr: `m2m: OAUTH_ISSUER or OAUTH_TOKEN_ENDPOINT is missing
  → set OAUTH_ISSUER, --issuer, OAUTH_TOKEN_ENDPOINT, --token-endpoint, or a profile
`,
  });
});

test('ends without an error if the reader closes the pipe', async () => {
  const [server, api] = await Promise.all([startAuthorizationServer(), startResourceServer()]);
  api.answer(() => ({ body: Buffer.alloc(8 * 1024 * 1024) }));

  const { exitCode, stderr } = await command.run(['call', api.origin], {
    environment: settingsFor(server.tokenEndpoint),
    onStart: ({ stdout }) => stdout.once('data', () => stdout.destroy()),
  });

  expect({ exitCode, stderr }).toEqual({ exitCode: 0, stderr: '' });
});

test('prints the body of a response in pieces, and sends stdin', async () => {
  const [server, api] = await Promise.all([startAuthorizationServer(), startResourceServer()]);
  const { opened: seen, open } = gate();
  api.answer(({ body }, response) => {
    response.write(body);
    void seen.then(() => response.end('second'));
    return undefined;
  });

  const { exitCode, stdout } = await command.run(['call', api.origin, '-d', '@-'], {
    environment: settingsFor(server.tokenEndpoint),
    stdin: 'first\n',
    onStart: (child) => child.stdout.once('data', open),
  });

  expect({ exitCode, stdout }).toEqual({ exitCode: 0, stdout: 'first\nsecond' });
});

test.each([
  ['', '! HTTP_PROXY (http://127.0.0.1:1) is set'],
  ['.example.com', '! HTTP_PROXY (http://127.0.0.1:1) is set'],
  ['127.0.0.1', '✓ NO_PROXY excludes 127.0.0.1 from the proxy'],
  ['a.example.com, *', '✓ NO_PROXY excludes 127.0.0.1 from the proxy'],
])('the doctor reads the proxy from the environment: NO_PROXY=%s', async (NO_PROXY, finding) => {
  const server = await startAuthorizationServer();
  const environment = { ...settingsFor(server.tokenEndpoint), HTTP_PROXY: 'http://127.0.0.1:1', NO_PROXY };

  const { exitCode, stdout } = await command.run(['doctor'], { environment });

  expect(exitCode).toBe(0);
  expect(stdout).toContain(finding);
});

test('the doctor and token both work with NODE_TLS_REJECT_UNAUTHORIZED=0, and the doctor warns', async () => {
  const { origin } = await startTlsServer(() => granted('t0ken'));
  const environment = { ...settingsFor(`${origin}/token`), NODE_TLS_REJECT_UNAUTHORIZED: '0' };

  const [token, doctor] = await Promise.all([
    command.run(['token'], { environment }),
    command.run(['doctor'], { environment }),
  ]);

  expect([token.exitCode, doctor.exitCode]).toEqual([0, 0]);
  expect(doctor.stdout).toContain('! NODE_TLS_REJECT_UNAUTHORIZED=0 makes Node.js accept any certificate');
  expect(doctor.stdout).toContain('✓ the server issued a token');
});

test('a user without a home folder gets one sentence about it, and needs none without the cache [F15]', async () => {
  const server = await startHttpServer(({ path }) => (path === '/token' ? granted('t0ken') : {}));
  const environment = { ...settingsFor(`${server.origin}/token`), HOME: '' };
  const revocation = ['--revocation-endpoint', `${server.origin}/revoke`];

  const [cached, token, revoked] = await Promise.all([
    command.run(['token', '--cache'], { environment }),
    command.run(['token'], { environment }),
    command.run(['revoke', ...revocation], { environment, stdin: 't0ken' }),
  ]);

  expect(cached).toEqual({
    exitCode: 2,
    stdout: '',
    stderr: 'm2m: the home folder of this user is unknown\n  → set HOME to a folder of yours\n',
  });
  expect(token).toEqual({ exitCode: 0, stdout: 't0ken\n', stderr: '' });
  expect(revoked).toEqual({ exitCode: 0, stdout: '', stderr: '' });
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
