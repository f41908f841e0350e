import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';

import { expect, test } from '@jest/globals';

import { buildCommand } from '../support/built-command.js';
import type { Outcome } from '../support/run-program.js';
import { temporaryFolder } from '../support/temporary-folder.js';
import { clientIdOf, credentials, type Credentials, keyId, type Method, wrongCredentials } from './clients.js';
import type { ForeignServerTests } from './describe-foreign-server.js';

const command = await buildCommand();

/** Tests of `m2m doctor` with the token endpoint. */
export function doctorContract(
  { server }: ForeignServerTests,
  { methods }: { readonly methods: readonly Method[] },
): void {
  test.each(methods)('the doctor finds nothing wrong with %s', async (method) => {
    const { stdout, ...outcome } = await doctor(['--token-endpoint', server().tokenEndpoint], method, credentials);

    expect(outcome).toEqual({ exitCode: 0, stderr: '' });
    expect(stdout).toMatch(/✓ .*token .*\d ms\n/);
    expect(stdout).not.toMatch(/[✗!] /);
  });

  test.each(methods)('the doctor says what to do about wrong credentials by %s', async (method) => {
    const { tokenEndpoint } = server();

    const { stdout, ...outcome } = await doctor(['--token-endpoint', tokenEndpoint], method, wrongCredentials);

    expect(outcome).toEqual({ exitCode: 3, stderr: '' });
    expect(stdout).toContain(`✗ ${tokenEndpoint} rejected the grant of client "${clientIdOf(method)}"`);
    expect(stdout).toContain(`→ ${adviceFor(method)}`);
  });
}

/** Tests of `m2m doctor` with the issuer. */
export function doctorDiscoveryContract(
  { server }: ForeignServerTests,
  { methods }: { readonly methods: readonly Method[] },
): void {
  test.each(methods)('the doctor finds nothing wrong with its issuer and %s [A38]', async (method) => {
    const { issuer } = server();

    const { stdout, ...outcome } = await doctor(['--issuer', issuer], method, credentials);

    expect(outcome).toEqual({ exitCode: 0, stderr: '' });
    expect(stdout).toContain(`✓ the metadata of ${issuer}`);
    expect(stdout).not.toMatch(/[✗!] /);
  });
}

const adviceFor = (method: Method): string =>
  method === 'private_key_jwt'
    ? 'the assertion was signed with ES256 with the key id "k1"'
    : 'the secret is wrong, has expired or was replaced';

/** Runs `m2m doctor` for the client of a method. */
async function doctor(where: readonly string[], method: Method, { secret, key }: Credentials): Promise<Outcome> {
  const flags = [...where, '--client-id', clientIdOf(method), '--scope', 'orders:read'];
  if (method !== 'private_key_jwt') {
    return command.run(['doctor', ...flags, '--auth-method', method], { environment: { OAUTH_CLIENT_SECRET: secret } });
  }
  const keyFile = join(await temporaryFolder(), 'key.pem');
  await writeFile(keyFile, key);
  return command.run(['doctor', ...flags, '--key-file', keyFile, '--key-id', keyId]);
}
