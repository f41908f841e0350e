import { spawn } from 'node:child_process';

import type { PrintedCall } from '../../src/cli/commands/call/print/printed-call.js';

/** A call with all that needs quotes. */
export const printedCallExample: PrintedCall = {
  tokenEndpoint: 'https://auth.example.com/token',
  clientId: 'orders',
  authMethod: 'client_secret_basic',
  form: [
    ['grant_type', 'client_credentials'],
    ['scope', 'a b'],
    ['audience', 'x'],
    ['resource', 'https://c'],
  ],
  method: 'PUT',
  url: 'https://api.example.com/a?b=c&d',
  headers: [['Content-Type', 'text/plain']],
  body: `it's "é" $HOME \`\\`,
};

/** Runs a printed program, with the secret in its environment. */
export async function runPrinted(file: string, argv: readonly string[], program: string) {
  const child = spawn(file, argv, {
    env: { OAUTH_CLIENT_SECRET: 's3cret', PATH: process.env['PATH'] },
    stdio: ['pipe', 'pipe', 'inherit'],
  });
  let stdout = '';
  child.stdout.on('data', (chunk: Buffer) => (stdout += chunk.toString()));
  child.stdin.end(program);
  const exitCode = await new Promise((resolve) => child.once('close', resolve));
  return { exitCode, stdout };
}
