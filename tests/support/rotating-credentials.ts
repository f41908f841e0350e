import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';

import type { ClientAuthentication } from '../../src/authentication/client-authentication.js';
import { clientSecretBasic } from '../../src/authentication/client-secret.js';
import { federatedAssertion } from '../../src/authentication/federated-assertion.js';
import { mutualTls } from '../../src/authentication/mutual-tls.js';
import { privateKeyJwt } from '../../src/authentication/private-key-jwt.js';
import { fromFile } from '../../src/authentication/secret.js';
import type { CredentialFacts } from '../../src/core/events.js';
import { cleanUp } from './clean-up.js';
import { assertionIn, parametersIn } from './client-assertions.js';
import { clientCertificates } from './client-certificates.js';
import { ca, type RecordedTlsRequest, thumbprintOf } from './mutual-tls.js';
import { signingKey } from './signing-keys.js';
import { temporaryFolder } from './temporary-folder.js';

/** Credentials in files: four versions, which are installed in turn. */
export interface RotatingCredentials {
  readonly authentication: ClientAuthentication;
  readonly install: (version: number) => Promise<void>;
  /** Whether a request was authenticated with this version. */
  readonly isBy: (request: RecordedTlsRequest, version: number) => boolean | Promise<boolean>;
  /** How events describe this version. */
  readonly factsOf: (version: number) => CredentialFacts;
}

/** A JWT without a signature, which expires at this second of the epoch. */
export function assertionUntil(exp: unknown): string {
  const encoded = (part: object): string => Buffer.from(JSON.stringify(part)).toString('base64url');
  return `${encoded({ alg: 'none' })}.${encoded({ sub: 'orders', exp })}.`;
}

async function temporaryFiles<T extends string>(...names: readonly T[]): Promise<Record<T, string>> {
  const folder = await temporaryFolder();
  return Object.fromEntries(names.map((name) => [name, join(folder, name)])) as Record<T, string>;
}

// 1 January 2030
const secondOfExpiry = 1_893_456_000;

/** Each kind of credential in files. */
export const rotatingCredentials: Readonly<Record<string, () => Promise<RotatingCredentials>>> = {
  async 'a secret file'() {
    const { secret } = await temporaryFiles('secret');
    return {
      authentication: clientSecretBasic(fromFile(secret)),
      install: (version) => writeFile(secret, `secret-${version}\n`),
      isBy: ({ headers }, version) =>
        headers.authorization === `Basic ${Buffer.from(`orders:secret-${version}`).toString('base64')}`,
      factsOf: () => ({ credential: 'secret', expiresAt: undefined }),
    };
  },
  async 'a key file'() {
    const { key } = await temporaryFiles('key');
    const keys = await Promise.all([0, 1, 2, 3].map(async () => signingKey()));
    return {
      authentication: privateKeyJwt({ key: fromFile(key) }),
      install: (version) => writeFile(key, keys[version]?.pem ?? ''),
      isBy: (request, version) =>
        assertionIn(request, keys[version]?.publicKey).then(
          () => true,
          () => false,
        ),
      factsOf: () => ({ credential: 'key', expiresAt: undefined }),
    };
  },
  async 'a certificate and its key in files'() {
    const { certificate, key } = await temporaryFiles('certificate', 'key');
    const { first, renewed, selfSigned } = clientCertificates;
    const pairs = [first, renewed, selfSigned, first] as const;
    const authentication = mutualTls({ certificate: fromFile(certificate), key: fromFile(key), ca });
    cleanUp(() => authentication.agent.destroy());
    return {
      authentication,
      async install(version) {
        await writeFile(certificate, pairs[version]?.certificate ?? '');
        await writeFile(key, pairs[version]?.key ?? '');
      },
      isBy: ({ thumbprint }, version) => thumbprint === thumbprintOf(pairs[version]?.certificate ?? ''),
      factsOf: () => ({ credential: 'certificate', expiresAt: Date.UTC(2120, 0, 1) }),
    };
  },
  async 'a projected token'() {
    const { token } = await temporaryFiles('token');
    const assertionOf = (version: number): string => assertionUntil(secondOfExpiry + version);
    return {
      authentication: federatedAssertion(fromFile(token)),
      install: (version) => writeFile(token, assertionOf(version)),
      isBy: (request, version) => parametersIn(request)['client_assertion'] === assertionOf(version),
      factsOf: (version) => ({ credential: 'assertion', expiresAt: (secondOfExpiry + version) * 1_000 }),
    };
  },
};
