// Starts a program that serves HTTP, for projects that test an example of a framework.
import { spawn } from 'node:child_process';
import { randomUUID } from 'node:crypto';
import { once } from 'node:events';

const origin = process.env.SERVER_ORIGIN;

/** A client of the authorization server, with the variables that the examples read. */
export function newClient(secret = 'secret') {
  const id = randomUUID();
  const environment = {
    OAUTH_ISSUER: origin,
    OAUTH_CLIENT_ID: id,
    OAUTH_CLIENT_SECRET: secret,
    API_URL: origin,
    NO_COLOR: '1',
  };
  const state = async () => (await fetch(`${origin}/clients/${id}`)).json();
  return { id, environment, state };
}

/** A port that is free now. */
export async function freePort() {
  const { createServer } = await import('node:net');
  const server = createServer().listen(0, '127.0.0.1');
  await once(server, 'listening');
  const { port } = server.address();
  server.close();
  await once(server, 'close');
  return port;
}

/** Starts a program of Node.js, and waits until it prints a match of `ready` or ends. */
export async function startService(argv, { environment, ready }) {
  const child = spawn(process.execPath, argv, {
    env: { ...process.env, ...environment },
    stdio: ['ignore', 'pipe', 'pipe'],
  });
  const ended = once(child, 'close');
  let output = '';
  const matched = new Promise((resolve) => {
    for (const stream of [child.stdout, child.stderr]) {
      stream.on('data', (chunk) => {
        output += chunk;
        if (ready.test(output)) resolve();
      });
    }
  });
  await Promise.race([matched, ended]);
  return {
    output: () => output,
    async end(signal = 'SIGTERM') {
      child.kill(signal);
      const [exitCode, endedBy] = await ended;
      return { exitCode, endedBy };
    },
    ended: async () => (await ended)[0],
  };
}
