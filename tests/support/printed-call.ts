import { spawn } from 'node:child_process';
import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';

import type { PrintedCall } from '../../src/cli/commands/call/print/printed-call.js';
import { granted } from './authorization-server.js';
import { clientCertificates } from './client-certificates.js';
import { type Answer, startHttpServer } from './http-server.js';
import { ca, startTlsServer } from './mutual-tls.js';
import { temporaryFolder } from './temporary-folder.js';

/** A call with every kind of character that needs quotes. */
export const printedCallExample: PrintedCall = {
  tokenEndpoint: 'https://auth.example.com/token',
  clientId: 'orders',
  authMethod: 'client_secret_basic',
  certificate: undefined,
  form: [
    ['grant_type', 'client_credentials'],
    ['scope', 'a b'],
    ['audience', 'x'],
    ['resource', 'https://c'],
  ],
  method: 'PUT',
  url: 'https://api.example.com/a?b=c&d',
  headers: [['Content-Type', 'text/plain']],
  body: `it's "é" $HOME \`\\ \u{1f600}`,
};

/** Runs a printed program, with the secret and these variables in its environment. */
export async function runPrinted(
  file: string,
  argv: readonly string[],
  program: string,
  environment: Readonly<Record<string, string>> = {},
) {
  const child = spawn(file, argv, {
    env: { OAUTH_CLIENT_SECRET: 's3cret', PATH: process.env['PATH'], ...environment },
    stdio: ['pipe', 'pipe', 'inherit'],
  });
  let stdout = '';
  child.stdout.on('data', (chunk: Buffer) => (stdout += chunk.toString()));
  child.stdin.end(program);
  const exitCode = await new Promise((resolve) => child.once('close', resolve));
  return { exitCode, stdout };
}

/** Starts a server that answers each request with this redirect, and returns its URL. */
export const startRedirecting = async (redirect: Answer): Promise<string> =>
  `${(await startHttpServer(() => redirect)).origin}/redirect`;

/** A call with mutual TLS, and the https server that grants its token and is its API. */
export async function startCertificateCall() {
  const { origin, requests } = await startTlsServer(({ path }) =>
    path === '/token' ? granted('t0ken') : { headers: { 'content-type': 'text/plain' }, body: 'orders' },
  );
  const folder = await temporaryFolder();
  const file = async (name: string, text: string) => {
    await writeFile(join(folder, name), text);
    return join(folder, name);
  };
  await file('ca.pem', ca);
  const certificate = {
    certificateFile: await file("client's.pem", clientCertificates.first.certificate),
    keyFile: await file('client.key', clientCertificates.first.key),
  };
  const call: PrintedCall = {
    ...printedCallExample,
    tokenEndpoint: `${origin}/token`,
    url: `${origin}/orders`,
    authMethod: 'tls_client_auth',
    certificate,
  };
  return { call, folder, requests };
}
