import assert from 'node:assert/strict';
import { spawn } from 'node:child_process';
import { createInterface } from 'node:readline';
import { after, test } from 'node:test';

import { checks } from './checks.cjs';

const server = spawn(process.execPath, ['node_modules/next/dist/bin/next', 'start', '--port', '0']);
after(() => server.kill());
const origin = await originOf(server);

for (const name of Object.keys(checks)) {
  test(`a route handler: ${name}`, async () => {
    const response = await fetch(`${origin}/orders?check=${encodeURIComponent(name)}`);
    assert.deepEqual([response.status, await response.text()], [200, 'passed']);
  });
}

/** Next.js prints its address when it listens. */
async function originOf({ stdout, stderr }) {
  stderr.pipe(process.stderr);
  for await (const line of createInterface({ input: stdout })) {
    const [address] = /http:\/\/localhost:\d+/.exec(line) ?? [];
    if (address !== undefined) return address;
  }
  throw new Error('Next.js did not start');
}
