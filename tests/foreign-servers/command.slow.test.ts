import { X509Certificate } from 'node:crypto';
import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';

import { expect, test } from '@jest/globals';

import { buildCommand } from '../support/built-command.js';
import { clientCertificates } from '../support/client-certificates.js';
import { ca } from '../support/mutual-tls.js';
import { startOidcProvider } from '../support/oidc-provider.js';
import { signingKey } from '../support/signing-keys.js';
import { temporaryFolder } from '../support/temporary-folder.js';

const command = await buildCommand();
const { first, selfSigned } = clientCertificates;
const { pem, publicJwk } = await signingKey('ES256');
const parsed = new X509Certificate(selfSigned.certificate);
const registered = { ...parsed.publicKey.export({ format: 'jwk' }), x5c: [parsed.raw.toString('base64')] };

const files = {
  secret: 's3cret, of 32 characters at least',
  'key.pem': pem,
  'first.pem': first.certificate,
  'first.key': first.key,
  'self.pem': selfSigned.certificate,
  'self.key': selfSigned.key,
};

/** The command with these flags, for a client that oidc-provider has registered with this method. */
async function start(method: string, registration: object, flags: readonly string[]) {
  const folder = await temporaryFolder();
  for (const [name, text] of Object.entries({ ...files, 'ca.pem': ca })) await writeFile(join(folder, name), text);
  const { issuer, introspect } = await startOidcProvider({
    token_endpoint_auth_method: method as never,
    ...registration,
  });
  const words = flags.map((word) => (word in files ? join(folder, word) : word));
  const environment = { NODE_EXTRA_CA_CERTS: join(folder, 'ca.pem') };
  const run = (name: string) =>
    command.run([name, '--issuer', issuer, '--client-id', 'orders', ...words], { environment });
  return { run, introspect };
}

test.each<[string, object, readonly string[]]>([
  [
    'client_secret_jwt',
    { client_secret: files.secret },
    ['--client-secret-file', 'secret', '--auth-method', 'client_secret_jwt'],
  ],
  [
    'tls_client_auth',
    { tls_client_auth_san_dns: 'orders.example.com' },
    ['--certificate-file', 'first.pem', '--key-file', 'first.key'],
  ],
  [
    'self_signed_tls_client_auth',
    { jwks: { keys: [registered] } },
    ['--certificate-file', 'self.pem', '--key-file', 'self.key'],
  ],
])('at oidc-provider the doctor finds nothing wrong with %s', async (method, registration, flags) => {
  const { run } = await start(method, registration, flags);

  const { stdout, ...outcome } = await run('doctor');

  expect(outcome).toEqual({ exitCode: 0, stderr: '' });
  expect(stdout).toContain(`the command uses ${method.replace('self_signed_', '')}, which the server supports`);
  expect(stdout).toContain('the server issued a token');
  expect(stdout).not.toMatch(/[✗!] /);
});

// The built command, and a server of another project.
test('the command gets a token of oidc-provider with a private key [R-62]', async () => {
  const registration = { jwks: { keys: [{ ...publicJwk, kid: 'k1' }] } };
  const { run, introspect } = await start('private_key_jwt', registration, ['--key-file', 'key.pem', '--key-id', 'k1']);

  const { stdout, ...outcome } = await run('token');

  expect(outcome).toEqual({ exitCode: 0, stderr: '' });
  expect(await introspect(stdout.trim())).toMatchObject({ clientId: 'orders' });
});
