import { spawn } from 'node:child_process';

import { describe, expect, test } from '@jest/globals';

import type { ApiRequest } from '../../../../../src/cli/commands/call/api-request.js';
import {
  callPrinters,
  printedGrant,
  type PrintedGrant,
} from '../../../../../src/cli/commands/call/print/print-call.js';
import { readSettings } from '../../../../../src/cli/settings/settings.js';
import { startAuthorizationServer } from '../../../../support/authorization-server.js';
import { commandContext } from '../../../../support/command.js';
import { startResourceServer } from '../../../../support/resource-server.js';

const request: ApiRequest = {
  method: 'PUT',
  url: new URL('https://api.example.com/a?b=c&d'),
  headers: [['Content-Type', 'text/plain']],
  body: Buffer.from(`it's "é" $HOME \`\\`),
};

const grant: PrintedGrant = {
  tokenEndpoint: 'https://auth.example.com/token',
  clientId: 'orders',
  method: 'client_secret_basic',
  request: { scope: ['a', 'b'], audience: ['x'], resource: ['https://c'] },
};

const print = (tool: string, changes: Partial<PrintedGrant> = {}, of = request) =>
  callPrinters[tool]?.(of, { ...grant, ...changes }) as string;

/** What a shell makes of a text: the words of each command in it. */
async function wordsOf(script: string, stubs: string): Promise<string> {
  const child = spawn('sh', ['-c', `${stubs}\n${script}`], {
    env: { OAUTH_CLIENT_SECRET: 's3cret', PATH: process.env['PATH'] },
    stdio: ['ignore', 'pipe', 'inherit'],
  });
  let text = '';
  child.stdout.on('data', (chunk: Buffer) => (text += chunk.toString()));
  await new Promise((resolve) => child.once('close', resolve));
  return text;
}

describe('curl', () => {
  // Words come one a line, also in what goes to jq.
  const stubs = `curl() { printf '%s\\n' "$@"; }; jq() { cat >&2; echo t0ken; }; exec 2>&1`;

  test('a shell reads the words that were meant', async () => {
    const words = (await wordsOf(print('curl'), stubs)).split('\n');

    expect(words.slice(0, 14)).toEqual([
      '--silent',
      '--show-error',
      '--fail',
      '--user',
      'orders:s3cret',
      '--data-urlencode',
      'grant_type=client_credentials',
      '--data-urlencode',
      'scope=a b',
      '--data-urlencode',
      'audience=x',
      '--data-urlencode',
      'resource=https://c',
      'https://auth.example.com/token',
    ]);
    expect(words.slice(14, -1)).toEqual([
      '--request',
      'PUT',
      '--oauth2-bearer',
      't0ken',
      '--header',
      'Content-Type: text/plain',
      '--data-raw',
      `it's "é" $HOME \`\\`,
      'https://api.example.com/a?b=c&d',
    ]);
  });

  test('a secret in the body is not among the arguments', async () => {
    const words = await wordsOf(print('curl', { method: 'client_secret_post' }), stubs);

    expect(words).toContain('client_id=orders\n--data-urlencode\nclient_secret@-');
    expect(words).not.toContain('s3cret');
  });
});

describe('httpie', () => {
  const stubs = `http() { printf '%s\\n' "$@"; echo "stdin $(cat)"; }; jq() { cat >&2; echo t0ken; }; exec 2>&1`;

  test.each(['client_secret_basic', 'client_secret_post'] as const)(
    'gets the same, and the secret by stdin: %s',
    async (method) => {
      const words = (await wordsOf(print('httpie', { method }), stubs)).split('\n');

      const isBasic = method === 'client_secret_basic';
      expect(words.slice(0, words.indexOf('--ignore-stdin', 1))).toEqual([
        '--ignore-stdin',
        '--ignore-netrc',
        '--check-status',
        '--form',
        'POST',
        'https://auth.example.com/token',
        ...(isBasic ? ['Authorization:@/dev/stdin'] : ['client_id=orders', 'client_secret=@/dev/stdin']),
        'grant_type=client_credentials',
        'scope=a b',
        'audience=x',
        'resource=https://c',
        `stdin ${isBasic ? `Basic ${btoa('orders:s3cret')}` : 's3cret'}`,
      ]);
    },
  );

  test('gets the token by stdin, since others can read its arguments', async () => {
    const words = (await wordsOf(print('httpie'), stubs)).split('\n');

    expect(words.slice(words.indexOf('--ignore-stdin', 1), -1)).toEqual([
      '--ignore-stdin',
      '--ignore-netrc',
      '--raw',
      `it's "é" $HOME \`\\`,
      'PUT',
      'https://api.example.com/a?b=c&d',
      'Content-Type:text/plain',
      'Authorization:@/dev/stdin',
      'stdin Bearer t0ken',
    ]);
  });
});

test.each(['client_secret_basic', 'client_secret_post'] as const)(
  'javascript makes the grant by %s, and the call',
  async (method) => {
    const server = await startAuthorizationServer();
    const api = await startResourceServer();
    const program = print(
      'javascript',
      { tokenEndpoint: server.tokenEndpoint, method },
      { ...request, url: new URL(`${api.origin}/a`) },
    );

    const child = spawn(process.execPath, ['--input-type=module', '-'], { env: { OAUTH_CLIENT_SECRET: 's3cret' } });
    child.stdin.end(program);
    const exitCode = await new Promise((resolve) => child.once('close', resolve));

    expect(exitCode).toBe(0);
    const form = Object.fromEntries(new URLSearchParams(server.grants[0]?.body));
    const basic = `Basic ${btoa('orders:s3cret')}`;
    expect(server.grants[0]?.headers.authorization).toBe(method === 'client_secret_basic' ? basic : undefined);
    expect(form['client_secret']).toBe(method === 'client_secret_basic' ? undefined : 's3cret');
    expect(form).toMatchObject({ grant_type: 'client_credentials', scope: 'a b' });
    expect(api.requests).toMatchObject([
      { method: 'PUT', path: '/a', body: `it's "é" $HOME \`\\`, headers: { authorization: 'Bearer token-1' } },
    ]);
  },
);

test('python takes the secret and the token from the environment', () => {
  const program = print('python');

  expect(program).toContain('os.environ["OAUTH_CLIENT_SECRET"]');
  expect(program).toContain(
    '"Authorization": "Bearer " + os.environ["ACCESS_TOKEN"],\n    "Content-Type": "text/plain",',
  );
  expect(program).toContain(`method="PUT", headers=headers, data="it's \\"\\u00e9\\" $HOME \`\\\\".encode()`);
  expect(print('python', { method: 'client_secret_post' })).toContain('("client_secret", client_secret)');
});

test.each(Object.keys(callPrinters))(
  '%s: a call without a body has none, and one that is no text is not printed',
  (tool) => {
    expect(print(tool, {}, { ...request, body: undefined })).not.toMatch(
      /--data-raw|--raw '|\n {2}body:|headers=headers, data=/,
    );
    expect(() => print(tool, {}, { ...request, body: Buffer.from([255, 0]) })).toThrow('the body is no text');
  },
);

describe('the grant that is printed', () => {
  async function printed(environment: Record<string, string>) {
    const { context } = commandContext({ environment: { OAUTH_CLIENT_ID: 'orders', ...environment } });
    return printedGrant(await readSettings({}, context), context);
  }

  test('is for the token endpoint, or what the issuer says', async () => {
    const server = await startAuthorizationServer({
      metadata: { token_endpoint_auth_methods_supported: ['client_secret_post'] },
    });

    const given = await printed({ OAUTH_TOKEN_ENDPOINT: 'https://a/token', OAUTH_SCOPE: 'a' });
    const found = await printed({ OAUTH_ISSUER: server.origin });

    expect(given).toMatchObject({
      tokenEndpoint: 'https://a/token',
      method: 'client_secret_basic',
      request: { scope: ['a'] },
    });
    expect(found).toMatchObject({ tokenEndpoint: server.tokenEndpoint, method: 'client_secret_post' });
  });

  test('is by the configured method, if others can be told of it', async () => {
    const environment = { OAUTH_TOKEN_ENDPOINT: 'https://a/token' };

    expect(await printed({ ...environment, OAUTH_AUTH_METHOD: 'client_secret_post' })).toMatchObject({
      method: 'client_secret_post',
    });
    await expect(printed({ ...environment, OAUTH_AUTH_METHOD: 'client_secret_basic:form' })).rejects.toThrow(
      'is not printed',
    );
  });

  test('is none where other tools could not make it', async () => {
    const environment = { OAUTH_TOKEN_ENDPOINT: 'https://a/token' };

    await expect(printed({ ...environment, OAUTH_KEY_FILE: '/key' })).rejects.toMatchObject({
      message: 'a grant with private_key_jwt is not printed: other tools cannot make it',
      advice: expect.stringContaining('m2m exec -- '),
    });
    await expect(printed({ ...environment, OAUTH_DPOP: 'true' })).rejects.toThrow('other tools make no proofs');
  });

  test('needs a server', async () => {
    await expect(printed({})).rejects.toThrow('OAUTH_ISSUER or OAUTH_TOKEN_ENDPOINT is missing');
  });
});
