import { spawn } from 'node:child_process';
import { createInterface } from 'node:readline';
import { setTimeout } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';

import { expect, test } from '@jest/globals';

import { granted, startAuthorizationServer } from '../support/authorization-server.js';
import { cleanUp } from '../support/clean-up.js';
import type { Handler } from '../support/http-server.js';

const program = fileURLToPath(new URL('suspended-program.ts', import.meta.url));
/** The deadline of the program is one second. */
const suspensionMs = 2_000;

/** Starts the program; it can be asked for its next outcomes, suspended and continued. */
function start(tokenEndpoint: string) {
  const child = spawn(process.execPath, ['--import', 'tsx', program, tokenEndpoint], {
    stdio: ['pipe', 'pipe', 'inherit'],
  });
  cleanUp(() => child.kill('SIGKILL'));
  const lines = createInterface({ input: child.stdout })[Symbol.asyncIterator]();
  return {
    signal: (name: 'SIGSTOP' | 'SIGCONT') => child.kill(name),
    async outcomes(): Promise<unknown> {
      child.stdin.write('\n');
      const { value } = (await lines.next()) as { value: string };
      return JSON.parse(value);
    },
  };
}

const short = granted('short', { expires_in: 1 });

test.each<[string, Handler]>([
  ['closes the connection', (_request, response) => void response.destroy()],
  ['does not answer', () => undefined],
  ['answers with a token that expires meanwhile', () => short],
  [
    'closes the connection within the response',
    (_request, response) => {
      response
        .writeHead(200, { 'content-type': 'application/json', 'content-length': '100' })
        .write('{"access_token":');
      void setTimeout(suspensionMs / 2).then(() => response.destroy());
      return undefined;
    },
  ],
])(
  'a process that is suspended during a grant, when the server %s, asks again and succeeds [B11]',
  async (_what, answer) => {
    const server = await startAuthorizationServer();
    const child = start(server.tokenEndpoint);
    // The first token has expired when the process is suspended, and its connection is idle.
    server.script(short);
    const before = await child.outcomes();
    await setTimeout(1_100);
    const suspended = new Promise<void>((resolve) => {
      server.script((request, response) => {
        child.signal('SIGSTOP');
        resolve();
        server.script(granted('fresh'));
        return answer(request, response);
      });
    });

    const during = child.outcomes();
    await suspended;
    await setTimeout(suspensionMs);
    child.signal('SIGCONT');

    expect(before).toEqual([
      ['short', true],
      ['short', true],
    ]);
    expect(await during).toEqual([
      ['fresh', true],
      ['fresh', true],
    ]);
    expect(await child.outcomes()).toEqual([
      ['fresh', true],
      ['fresh', true],
    ]);
  },
  30_000,
);
