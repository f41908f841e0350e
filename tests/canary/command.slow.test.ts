import { readFileSync } from 'node:fs';
import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';

import { describe, expect, test } from '@jest/globals';

import { granted, refused, startAuthorizationServer } from '../support/authorization-server.js';
import { buildCommand } from '../support/built-command.js';
import { runCommand } from '../support/command.js';
import type { Answer } from '../support/http-server.js';
import { rejected, startResourceServer } from '../support/resource-server.js';
import { temporaryFolder } from '../support/temporary-folder.js';
import type { Artefact } from './artefacts.js';
import { filesIn } from './example-run.js';
import { leaksIn } from './leaks-in.js';
import { markedSecret, markedToken } from './marks.js';

/** One run of the command. */
interface Run {
  readonly argv: readonly string[];
  readonly stdin?: string;
  /** The responses of the token endpoint. @default marked tokens */
  readonly grant?: Answer;
  readonly api?: Answer;
  /** The channels where the token is expected. */
  readonly shows?: 'stdout';
}

const url = '{api}/orders?limit=1';
const echo = `wrong: ${markedSecret}, ${Buffer.from(`orders:${markedSecret}`).toString('base64')}`;
const part = (text: string) => Buffer.from(text).toString('base64url');
const jwt = `${part('{"alg":"ES256"}')}.${part('{"sub":"orders"}')}.${part(markedToken(1))}`;
const refusal = refused('invalid_client', { status: 401, description: echo });

const runs: Readonly<Record<string, Run>> = {
  token: { argv: ['token'], shows: 'stdout' },
  'token --json': { argv: ['token', '--json'], shows: 'stdout' },
  'token --header --min-validity': { argv: ['token', '--header', '--min-validity', '9h'], shows: 'stdout' },
  'token --cache': { argv: ['token', '--cache'], shows: 'stdout' },
  'token, refused': { argv: ['token'], grant: refusal },
  'token, refused with a secret for a code': { argv: ['token'], grant: refused(markedSecret.slice(0, 20)) },
  'token, during an outage': { argv: ['token'], grant: { ...refusal, status: 503, headers: { 'retry-after': '99' } } },
  'token, redirected': { argv: ['token'], grant: { status: 307, headers: { location: `/x?${encodeURI(echo)}` } } },
  'token, without a type': { argv: ['token'], grant: granted(markedToken(1), { token_type: undefined }) },
  'token, which cannot be sent': { argv: ['token'], grant: granted(`${markedToken(1)}\r\nx: y`) },
  'token from HTML': { argv: ['token'], grant: { headers: { 'content-type': 'text/html' }, body: echo } },
  'token with a flag that does not exist': { argv: ['token', '--jsn'] },
  call: { argv: ['call', url] },
  'call --include': { argv: ['call', 'POST', url, '-i', '--json', '{}', '-H', 'x-trace: 1'] },
  'call --output --cache': { argv: ['call', url, '-o', '{folder}/out', '--cache'] },
  'call --fail, rejected': { argv: ['call', url, '--fail'], api: rejected() },
  'call --verbose': { argv: ['call', url, '-v'], api: { headers: { 'x-echo': markedToken(1) } } },
  'call --verbose --dpop': { argv: ['call', url, '-v', '--dpop'] },
  'call --location --verbose': {
    argv: ['call', url, '-L', '-v'],
    api: { status: 302, headers: { location: `http://127.0.0.1:1/?t=${markedToken(1)}` } },
  },
  'call --fail, with a challenge that repeats the token': {
    argv: ['call', url, '--fail'],
    api: { status: 403, headers: { 'www-authenticate': `Bearer error_description="${markedToken(1)}"` } },
  },
  'call --fail, forbidden': { argv: ['call', url, '--fail'], api: { status: 403 } },
  'call, redirected': { argv: ['call', url], api: { status: 302, headers: { location: 'http://127.0.0.1:1/' } } },
  'call of an unreachable API': { argv: ['call', 'http://127.0.0.1:1/'] },
  'call without a token': { argv: ['call', url], grant: refusal },
  'call --dry-run': { argv: ['call', url, '--dry-run', '-d', 'a=b'] },
  ...Object.fromEntries(
    ['curl', 'python', 'javascript'].flatMap((tool) =>
      ['client_secret_basic', 'client_secret_post'].map((method) => [
        `call --print ${tool} with ${method}`,
        { argv: ['call', url, '--print', tool, '--auth-method', method] },
      ]),
    ),
  ),
  'call --print for an unknown tool': { argv: ['call', url, '--print', 'wget'] },
  exec: { argv: ['exec', '--', 'true'] },
  'exec --cache, with a failure': { argv: ['exec', '--cache', '--', 'sh', '-c', 'exit 3'] },
  'exec of a missing program': { argv: ['exec', '--', 'no-such-command'] },
  'exec without a token': { argv: ['exec', '--', 'true'], grant: refusal },
  inspect: { argv: ['inspect'], stdin: jwt },
  'inspect of an opaque token': { argv: ['inspect'], stdin: `Authorization: Bearer ${markedToken(1)}` },
  doctor: { argv: ['doctor'] },
  'doctor with an API': { argv: ['doctor', url] },
  'doctor with an API that rejects': { argv: ['doctor', url], api: rejected() },
  'doctor, refused': { argv: ['doctor', '--try-methods'], grant: refusal },
  'doctor with an invalid token response': { argv: ['doctor'], grant: granted(markedToken(1), { expires_in: 'soon' }) },
  'doctor with a challenge that repeats the token': {
    argv: ['doctor', url],
    api: { status: 403, headers: { 'www-authenticate': `Bearer error="${markedToken(1)}"` } },
  },
  'doctor with a redirect that repeats the token': {
    argv: ['doctor', url],
    api: { status: 302, headers: { location: `/?t=${markedToken(1)}` } },
  },
  'doctor, refused without a code': { argv: ['doctor', '--try-methods'], grant: { status: 403, body: echo } },
  ...Object.fromEntries(
    ['token', 'doctor', 'config', 'revoke'].flatMap((command) =>
      ['client-secret', 'key', 'assertion'].map((kind) => [
        `${command} with a secret in place of a path of --${kind}-file`,
        { argv: [command, `--${kind}-file`, markedSecret], stdin: command === 'revoke' ? 'token' : '' },
      ]),
    ),
  ),
  'token with a secret in place of an env file': { argv: ['token', '--env', `OAUTH_CLIENT_SECRET=${markedSecret}`] },
  'config with a secret parameter': { argv: ['config', '--parameter', `password=${markedSecret}`] },
  'doctor with a secret parameter': { argv: ['doctor', '--parameter', `password=${markedSecret}`] },
  'token with a malformed parameter': { argv: ['token', '--parameter', markedSecret] },
  revoke: { argv: ['revoke', '--revocation-endpoint', '{api}/revoke'], stdin: markedToken(1) },
  'revoke, refused': {
    argv: ['revoke', '--revocation-endpoint', '{api}/revoke'],
    stdin: `Bearer ${markedToken(1)}`,
    api: { status: 400, body: { error: 'invalid_request', error_description: `${markedToken(1)} ${echo}` } },
  },
  'revoke without an endpoint': { argv: ['revoke'], stdin: markedToken(1) },
  'revoke of an invalid token': { argv: ['revoke'], stdin: `${markedToken(1)} ${markedToken(2)}` },
  config: { argv: ['config'] },
  'completion bash': { argv: ['completion', 'bash'] },
  'token --help': { argv: ['token', '--help'] },
};

/** The servers and files of a run. */
async function prepared({ argv, grant, api: answer = { body: { quantity: 3 } } }: Run) {
  const [server, api, folder] = await Promise.all([
    startAuthorizationServer(),
    startResourceServer(),
    temporaryFolder(),
  ]);
  server.script(grant ?? (() => granted(markedToken(server.grants.length))));
  api.answer(() => answer);
  const environment = {
    PATH: process.env['PATH'] ?? '',
    HOME: folder,
    TMPDIR: folder,
    OAUTH_TOKEN_ENDPOINT: server.tokenEndpoint,
    OAUTH_CLIENT_ID: 'orders',
    OAUTH_CLIENT_SECRET: markedSecret,
  };
  const words = argv.map((word) => word.replace('{api}', api.origin).replace('{folder}', folder));
  return { words, environment, folder };
}

const seen = (texts: Readonly<Record<string, string>>): Artefact[] =>
  Object.entries(texts).map(([channel, text]) => ({ origin: 'command', channel, text }));

describe('the command writes down no secret, and tokens where they are wanted only [F4 R-24 R-25]', () => {
  test.each(Object.entries(runs))('%s', async (_name, run) => {
    const { words, environment, folder } = await prepared(run);

    // The second run uses the token that the first one cached.
    for (const _time of run.argv.includes('--cache') ? [1, 2] : [1]) {
      const { stdout, stderr } = await runCommand(words, { environment, stdin: run.stdin ?? '' });
      const artefacts = seen({ stdout, stderr, files: await filesIn(folder) });

      expect(placesIn(artefacts)).toEqual(run.shows === undefined ? [] : [`token by ${run.shows}`]);
    }
  });
});

/** The leaks that were found, without their encoding. */
const placesIn = (artefacts: readonly Artefact[]): string[] => [
  ...new Set(leaksIn(artefacts).map((line) => line.replace(/^command: (\S+) .* by /, '$1 by '))),
];

const command = await buildCommand();

/** All that a process of the command writes, or shows to other processes. */
async function artefactsOfProcess(run: Run): Promise<Artefact[]> {
  const { words, environment, folder } = await prepared(run);
  const elsewhere = await temporaryFolder();
  const [prologue, report] = [join(elsewhere, 'prologue.cjs'), join(elsewhere, 'report')];
  // A crash report of the process, without the environment, which holds the given secret.
  await writeFile(
    prologue,
    `process.once('exit', () => {
      const { environmentVariables, ...report } = process.report.getReport();
      const { argv, execArgv, title } = process;
      require('node:fs').writeFileSync(${JSON.stringify(report)}, JSON.stringify({ report, argv, execArgv, title }));
    });`,
  );
  let argv = '';
  const { stdout, stderr } = await command.run(words, {
    environment: { ...environment, NODE_OPTIONS: `--require ${prologue}` },
    stdin: run.stdin ?? '',
    onStart: ({ pid }) => (argv = readFileSync(`/proc/${pid}/cmdline`, 'latin1')),
  });
  const [files, said] = [await filesIn(folder), readFileSync(report, 'utf8')];
  return seen({ stdout, stderr, argv, files, 'process.report': said });
}

test.each([
  'token --cache',
  'call --output --cache',
  'exec of a missing program',
  'doctor, refused',
  'revoke, refused',
  'call --print curl with client_secret_post',
])('a process of "m2m %s" shows none in its arguments, files and reports [F4 R-24 R-25]', async (name) => {
  const run = runs[name] as Run;

  const artefacts = await artefactsOfProcess(run);

  expect(leaksIn(artefacts.filter(({ channel }) => channel !== run.shows))).toEqual([]);
  expect(artefacts.filter(({ text }) => text !== '').map(({ channel }) => channel)).toEqual(
    expect.arrayContaining(['argv', 'process.report', ...(name.includes('--cache') ? ['files'] : [])]),
  );
});

test('the canary sees what a command gives away, in each channel', async () => {
  const everywhere = 'echo "$ACCESS_TOKEN"; echo "$ACCESS_TOKEN" >&2; echo "$OAUTH_CLIENT_SECRET" > $HOME/file; # ';

  const artefacts = await artefactsOfProcess({ argv: ['exec', '--', 'sh', '-c', `${everywhere}${markedSecret}`] });

  expect(placesIn(artefacts).toSorted()).toEqual([
    'secret by argv',
    'secret by files',
    'secret by process.report',
    'token by stderr',
    'token by stdout',
  ]);
});
