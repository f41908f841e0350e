import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';

import { expect, test } from '@jest/globals';

import type { ClientAuthentication } from '../../src/authentication/client-authentication.js';
import { clientSecretBasic } from '../../src/authentication/client-secret.js';
import { federatedAssertion } from '../../src/authentication/federated-assertion.js';
import { mutualTls } from '../../src/authentication/mutual-tls.js';
import { privateKeyJwt } from '../../src/authentication/private-key-jwt.js';
import { fromFile } from '../../src/authentication/secret.js';
import type { AccessToken } from '../../src/core/access-token.js';
import { createTokenService } from '../../src/service/token-service.js';
import { granted, refused } from '../support/authorization-server.js';
import { cleanUp } from '../support/clean-up.js';
import { assertionIn, parametersIn } from '../support/client-assertions.js';
import { clientCertificates } from '../support/client-certificates.js';
import { type FakeClock, fakeClock } from '../support/clock.js';
import { trustingFetch } from '../support/grant-tls.js';
import { ca, type RecordedTlsRequest, startTlsServer, thumbprintOf } from '../support/mutual-tls.js';
import { signingKey } from '../support/signing-keys.js';
import { temporaryFolder } from '../support/temporary-folder.js';

/** Credentials in files: four versions, which are installed in turn. */
interface Rotating {
  readonly authentication: ClientAuthentication;
  readonly install: (version: number) => Promise<void>;
  /** Whether a request was authenticated with this version. */
  readonly isBy: (request: RecordedTlsRequest, version: number) => boolean | Promise<boolean>;
}

async function temporaryFiles<T extends string>(...names: readonly T[]): Promise<Record<T, string>> {
  const folder = await temporaryFolder();
  return Object.fromEntries(names.map((name) => [name, join(folder, name)])) as Record<T, string>;
}

const rotating: Record<string, () => Promise<Rotating>> = {
  async 'a secret file'() {
    const { secret } = await temporaryFiles('secret');
    return {
      authentication: clientSecretBasic(fromFile(secret)),
      install: (version) => writeFile(secret, `secret-${version}\n`),
      isBy: ({ headers }, version) =>
        headers.authorization === `Basic ${Buffer.from(`orders:secret-${version}`).toString('base64')}`,
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
    };
  },
  async 'a projected token'() {
    const { token } = await temporaryFiles('token');
    return {
      authentication: federatedAssertion(fromFile(token)),
      install: (version) => writeFile(token, `projected-${version}`),
      isBy: (request, version) => parametersIn(request)['client_assertion'] === `projected-${version}`,
    };
  },
};

const calls = 10_000;
const lagMs = 3_000;

/** The three rotations: when the server and the files get the new version, in milliseconds after the start. */
const rotations = [
  { server: 0, file: 0 },
  { server: 0, file: lagMs },
  { server: lagMs, file: 0 },
];

/** Begins each rotation when the token is due, so that a renewal happens during the rotation. */
function schedule(clock: FakeClock) {
  let begun = 0;
  let since = 0;
  return (call: number, token: AccessToken | undefined): { readonly server: number; readonly file: number } => {
    const isDue = token !== undefined && token.remainingMs(clock) <= 15_000;
    if (begun < rotations.length && call > ((begun + 1) * calls) / (rotations.length + 1) && isDue) {
      begun += 1;
      since = clock.now();
    }
    const { server = 0, file = 0 } = rotations[begun - 1] ?? {};
    const elapsed = clock.now() - since;
    return { server: elapsed >= server ? begun : begun - 1, file: elapsed >= file ? begun : begun - 1 };
  };
}

test.each(Object.keys(rotating))('of 10,000 calls none fails while %s is rotated three times [F1 A7]', async (name) => {
  const { authentication, install, isBy } = await (rotating[name] as () => Promise<Rotating>)();
  const clock = fakeClock();
  let known = 0;
  const taken: number[] = [];
  const server = await startTlsServer(async (request) => {
    const headers = { date: new Date(clock.now()).toUTCString() };
    if (!(await isBy(request, known))) return { ...refused('invalid_client', { status: 401 }), headers };
    taken.push(known);
    return { ...granted(`token-${taken.length}`, { expires_in: 60 }), headers };
  });
  const tokens = createTokenService({
    tokenEndpoint: `${server.origin}/token`,
    clientId: 'orders',
    clientAuthentication: authentication,
    fetch: trustingFetch,
    clock,
    random: () => 0.5,
  });
  const stateAt = schedule(clock);
  await install(0);

  const failures: unknown[] = [];
  let installed = 0;
  let token: AccessToken | undefined;
  for (let call = 1; call <= calls; call += 1) {
    const state = stateAt(call, token);
    known = state.server;
    if (state.file !== installed) await install((installed = state.file));
    try {
      token = await tokens.getToken();
      if (token.remainingMs(clock) <= 0) failures.push('expired');
      // Waits for a renewal that this call may have started, while the clock stands still.
      await tokens.getToken(undefined, { minValidityMs: 15_000 });
    } catch (error) {
      failures.push(error);
    }
    clock.advance(100);
  }

  expect(failures).toEqual([]);
  expect(new Set(taken)).toEqual(new Set([0, 1, 2, 3]));
  // Renewals during a rotation were rejected and repeated, and no call failed.
  expect(server.requests.length).toBeGreaterThan(taken.length + 1);
});
