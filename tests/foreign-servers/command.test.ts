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

// As a new user would: the command as it is installed, and one line to a token of a server that others wrote.
test.each<[string, object, readonly string[]]>([
  ['client_secret_basic', {}, ['--client-secret-file', 'secret']],
  ['client_secret_post', {}, ['--client-secret-file', 'secret', '--auth-method', 'client_secret_post']],
  ['client_secret_jwt', {}, ['--client-secret-file', 'secret', '--auth-method', 'client_secret_jwt']],
  ['private_key_jwt', { jwks: { keys: [{ ...publicJwk, kid: 'k1' }] } }, ['--key-file', 'key.pem', '--key-id', 'k1']],
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
])('by %s there is a token, and the doctor finds nothing', async (method, registration, flags) => {
  const folder = await temporaryFolder();
  for (const [name, text] of Object.entries({ ...files, 'ca.pem': ca })) await writeFile(join(folder, name), text);
  const { issuer, introspect } = await startOidcProvider({
    token_endpoint_auth_method: method as never,
    ...(method.startsWith('client_secret') && { client_secret: files.secret }),
    ...registration,
  });
  const words = flags.map((word) => (word in files ? join(folder, word) : word));
  const environment = { NODE_EXTRA_CA_CERTS: join(folder, 'ca.pem') };
  const run = (verb: string) =>
    command.run([verb, '--issuer', issuer, '--client-id', 'orders', ...words], { environment });

  const [token, doctor] = [await run('token'), await run('doctor')];

  expect(token).toMatchObject({ exitCode: 0, stderr: '' });
  expect(await introspect(token.stdout.trim())).toMatchObject({ clientId: 'orders' });
  expect(doctor.stdout).toContain(`: ${method.replace('self_signed_', '')} is used`);
  expect(doctor).toMatchObject({ exitCode: 0, stderr: '', stdout: expect.not.stringMatching(/[✗!] /) });
});
