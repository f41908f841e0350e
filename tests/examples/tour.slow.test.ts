import { execFile } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { stripVTControlCharacters } from 'node:util';

import { expect, test } from '@jest/globals';

import { paint } from '../../examples/tour/print/paint.js';
import { granted, refused, startAuthorizationServer } from '../support/authorization-server.js';
import { startResourceServer } from '../support/resource-server.js';
import { type Outcome, runProgram } from '../support/run-program.js';
import type { TourSetup } from './tour-program.js';

const timeoutMs = 60_000;
const clientSecret = 'a-secret-of-a-client';

const runTour = (environment: Readonly<Record<string, string>> = {}): Promise<Outcome> =>
  runProgram('examples/tour/main.ts', { environment });

/** Runs scenes with local servers. The program is a file, because the tour shows its own source. */
const runScenes = (setup: TourSetup, environment: Readonly<Record<string, string>> = {}): Promise<Outcome> =>
  new Promise((resolve) => {
    const argv = ['--import', 'tsx', 'tests/examples/tour-program.ts', JSON.stringify(setup)];
    const options = { env: { PATH: process.env['PATH'], ...environment }, timeout: timeoutMs };
    const child = execFile(process.execPath, argv, options, (_error, stdout, stderr) => {
      resolve({ exitCode: child.exitCode, stdout, stderr });
    });
  });

const widthOf = (text: string): number =>
  Math.max(
    ...stripVTControlCharacters(text)
      .split('\n')
      .map((line) => line.length),
  );

test(
  'the tour shows each scene with its code, in 80 columns, with few lines, and passes all its checks',
  async () => {
    const { exitCode, stdout, stderr } = await runScenes({ outageMs: 4_000 });

    expect({ exitCode, stderr, failed: stdout.match(/^.*✗.*$/gm) }).toEqual({ exitCode: 0, stderr: '', failed: null });
    expect(stdout.match(/^\d {2}.*$/gm)).toEqual([
      '1  A hundred first calls at once share one grant',
      '2  fetch and undici use the cached token, too',
      '3  A revoked token is replaced, and the request is sent again',
      '4  A wrong secret: nothing is sent, and the error says why',
      '5  The authorization server is down for 4 s, and no call fails',
      '6  The log of all this holds no token and no secret',
    ]);
    const shown = stdout.match(/^ {5}(?=\S).*$/gm)?.map((line) => line.trim()) ?? [];
    const scenes = ['revoked-token', 'wrong-secret', 'outage'].map((name) => `scenes/${name}`);
    const source = ['connect', 'other-clients', 'settings', ...scenes]
      .flatMap((name) => readFileSync(`examples/tour/${name}.ts`, 'utf8').split('\n'))
      .map((line) => line.trim());
    expect(shown).toHaveLength(18);
    expect(shown.filter((line) => !new Set(source).has(line))).toEqual([]);
    expect(stdout).toMatch(/ event token\.awaited × \d{2,3}$/m);
    expect(stdout).toMatch(/✓ {2}failed calls: 0 · API requests: \d+ · token requests in the outage: [1-9]/);
    expect(stdout).toMatch(/^ {10}INFO http:\S+ granted "orders-service" a token for 60 s$/m);
    expect(stdout).toMatch(/^ {10}\{"level":30,/m);
    expect(stdout).toMatch(/✓ {2}4 tokens and 3 secrets looked for · found in the log: 0/);
    expect(stdout).toMatch(/\n(\d+) of \1 checks passed: 4 grants, \d+ API requests, [\d.]+ s\n$/);
    expect(widthOf(stdout)).toBeLessThanOrEqual(80);
    expect(stdout.split('\n').length).toBeLessThan(120);
    expect(stdout).not.toContain('\u001b');
  },
  timeoutMs,
);

test(
  'a scene that fails is shown, and the exit code is 1; a terminal has colours, and narrow lines if it is narrow',
  async () => {
    const { exitCode, stdout } = await runScenes({ fails: true, columns: 50 });

    expect(exitCode).toBe(1);
    expect(stdout).toContain('\u001b[32m✓\u001b[39m');
    const text = stripVTControlCharacters(stdout);
    expect(text).toMatch(/\n {7}✗ {2}failed: as the test has asked for\n/);
    expect(text).toMatch(/\n4 of 5 checks passed: [^✗]*\n✗ scene 1: failed: as the test has asked for\n$/);
    // Lines of code are not wrapped.
    const notes = text.split('\n').filter((line) => !/^ {5}\S/.test(line));
    expect(widthOf(notes.join('\n'))).toBeLessThanOrEqual(50);
  },
  timeoutMs,
);

test.each([
  [{}, true],
  [{ NO_COLOR: '1' }, false],
  [{ NO_COLOR: '' }, true],
  [{ TERM: 'dumb' }, false],
])('with %j, a terminal has colours: %s', (environment, isColoured) => {
  expect(paint('bold', 'text', { isTTY: true }, environment) !== 'text').toBe(isColoured);
  expect(paint('bold', 'text', { isTTY: false }, environment)).toBe('text');
});

async function ownServers() {
  const authorizationServer = await startAuthorizationServer();
  const api = await startResourceServer();
  const environment = {
    OAUTH_TOKEN_ENDPOINT: authorizationServer.tokenEndpoint,
    OAUTH_CLIENT_ID: 'orders-service',
    OAUTH_CLIENT_SECRET: clientSecret,
    API_URL: `${api.origin}/orders?page=1`,
  };
  return { authorizationServer, api, environment };
}

test(
  'with API_URL set, the tour calls that API with a token from the authorization server in the environment',
  async () => {
    const { authorizationServer, api, environment } = await ownServers();
    authorizationServer.script(granted('token-of-the-tour', { scope: 'orders:read' }));

    const { exitCode, stdout, stderr } = await runTour(environment);

    expect({ exitCode, stderr }).toEqual({ exitCode: 0, stderr: '' });
    expect(stdout).toContain(`grant: a token for 3600 s from ${authorizationServer.tokenEndpoint}`);
    expect(stdout).toContain('scope: orders:read');
    expect(stdout).toContain(`response: 200 OK to GET ${api.origin}/orders\n`);
    expect(stdout).not.toMatch(/token-of-the-tour|a-secret-of-a-client/);
    expect(api.requests.map(({ path, headers }) => [path, headers.authorization])).toEqual([
      ['/orders?page=1', 'Bearer token-of-the-tour'],
    ]);
  },
  timeoutMs,
);

test(
  'when the call fails, the tour says in two lines what happened and what to do',
  async () => {
    const refusing = await ownServers();
    refusing.authorizationServer.script(refused('invalid_client', { status: 401 }));
    const forbidding = await ownServers();
    forbidding.api.answer(() => ({ status: 403 }));

    const outcomes = await Promise.all([
      runTour(refusing.environment),
      runTour({ ...refusing.environment, OAUTH_CLIENT_ID: '' }),
      runTour({ ...refusing.environment, API_URL: 'orders' }),
      runTour(forbidding.environment),
    ]);

    expect(outcomes.map(({ exitCode }) => exitCode)).toEqual([1, 1, 1, 1]);
    expect(outcomes.map(({ stderr }) => stderr)).toEqual([
      expect.stringMatching(/^✗ ERR_GRANT_REJECTED: .*invalid_client.*\n {2}check OAUTH_CLIENT_ID, .*\n$/),
      expect.stringMatching(/^✗ ERR_CONFIGURATION: .*OAUTH_CLIENT_ID is missing\n {2}check .*\n$/),
      '✗ API_URL is not a URL\n  set it to the URL of a GET request\n',
      expect.stringMatching(/^✗ GET http:.*\/orders responded with 403 Forbidden\n {2}.* OAUTH_SCOPE .*\n$/),
    ]);
    expect(refusing.api.requests).toEqual([]);
    expect(forbidding.api.requests).toHaveLength(1);
  },
  timeoutMs,
);
