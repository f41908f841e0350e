import { describe, expect, test } from '@jest/globals';

import { granted, refused, startAuthorizationServer } from '../support/authorization-server.js';
import { startResourceServer } from '../support/resource-server.js';
import { artefactsOfRun, bundled } from './example-run.js';
import { leaksIn } from './leaks-in.js';
import { markedSecret, markedToken } from './marks.js';

// Each example is a process of its own.
const timeoutMs = 60_000;
const examples = ['axios', 'logging', 'multi-tenant', 'from-environment', 'static-token'];

test(
  'F4 R-24 R-25 no example writes down its secret or a token, whether all goes well or nothing does',
  async () => {
    const programs = await bundled(examples.map((name) => `examples/${name}.ts`));
    const runs = [...programs].flatMap(([name, program]) => ['well', 'refused'].map((how) => ({ name, program, how })));

    const outcomes = await Promise.all(
      runs.map(async ({ name, program, how }) => {
        const authorizationServer = await startAuthorizationServer({ metadata: {} });
        const api = await startResourceServer();
        // Once to be rejected, and then no more.
        let calls = 0;
        api.answer(() => ((calls += 1) === 1 ? { status: 401 } : { body: { calls } }));
        authorizationServer.script(() =>
          how === 'well'
            ? granted(markedToken(authorizationServer.grants.length))
            : refused('invalid_client', { status: 401, description: `wrong: ${markedSecret}` }),
        );
        const { exitCode, artefacts } = await artefactsOfRun(program, {
          OAUTH_ISSUER: authorizationServer.origin,
          OAUTH_CLIENT_ID: 'orders-service',
          OAUTH_CLIENT_SECRET: markedSecret,
          CLIENT_SECRET: markedSecret,
          API_KEY: markedToken(0),
          API_URL: api.origin,
        });
        const saw = artefacts.filter(({ text }) => text !== '').map(({ channel }) => channel);
        return { name, how, exitCode, saw, leaks: leaksIn(artefacts) };
      }),
    );

    expect(outcomes.filter(({ leaks }) => leaks.length > 0)).toEqual([]);
    for (const { saw, exitCode } of outcomes) {
      expect(saw).toEqual(expect.arrayContaining([exitCode === 0 ? 'stdout' : 'stderr', 'process.report', 'argv']));
    }
    // No other API key can be had when the API rejects this one.
    expect(outcomes.filter(({ how, exitCode }) => how === 'well' && exitCode !== 0).map(({ name }) => name)).toEqual([
      'static-token.js',
    ]);
    expect(outcomes.filter(({ how, exitCode }) => how !== 'well' && exitCode === 0)).toEqual([]);
  },
  timeoutMs,
);

describe('the canary sees a secret that a program gives away', () => {
  test.each([
    ['stdout', 'console.log(process.env.CLIENT_SECRET);'],
    ['stderr', 'console.error(new Error(encodeURIComponent(process.env.CLIENT_SECRET)));'],
    ['process.report', 'process.argv.push(process.env.CLIENT_SECRET);'],
    ['files', "import { writeFileSync } from 'node:fs'; writeFileSync('token.json', process.env.CLIENT_SECRET);"],
    [
      'files',
      "import { tmpdir } from 'node:os'; (await import('node:fs')).writeFileSync(tmpdir() + '/x', process.env.CLIENT_SECRET);",
    ],
  ])(
    'in %s',
    async (channel, program) => {
      const { artefacts } = await artefactsOfRun(program, { CLIENT_SECRET: markedSecret });

      expect(leaksIn(artefacts)).toEqual(expect.arrayContaining([expect.stringContaining(`by ${channel}`)]));
    },
    timeoutMs,
  );
});
