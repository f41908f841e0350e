import { execFile } from 'node:child_process';
import { createPublicKey, hash, type KeyObject } from 'node:crypto';
import { mkdir, readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';

import type { Signer } from '../../src/core/signer.js';
import { temporaryFolder } from './temporary-folder.js';

const module = '/usr/lib/softhsm/libsofthsm2.so';
const pin = '1234';
const label = 'orders';

/** A key type of pkcs11-tool, and how it signs data for a JWS algorithm. */
const kinds = {
  RS256: { type: 'rsa:2048', mechanism: ['SHA256-RSA-PKCS'], isDigest: false },
  // The form that signs the data itself does not set the digest of the parameters.
  PS256: { type: 'rsa:2048', mechanism: ['RSA-PKCS-PSS', '--hash-algorithm', 'SHA256'], isDigest: true },
  ES256: { type: 'EC:prime256v1', mechanism: ['ECDSA'], isDigest: true },
  EdDSA: { type: 'EC:edwards25519', mechanism: ['EDDSA'], isDigest: false },
} as const;

/** A token of SoftHSM in a temporary folder. */
export interface SoftHsm {
  /** The variables of a program that uses the token. */
  readonly environment: Readonly<Record<'SOFTHSM2_CONF' | 'PIN' | 'PKCS11_MODULE' | 'TOKEN_LABEL', string>>;
  /** Generates a key in the token, which it never leaves, and returns a signer that uses it. */
  signer(
    algorithm: keyof typeof kinds,
    options?: { readonly isDer?: boolean },
  ): Promise<Signer & { readonly publicKey: KeyObject; readonly id: string }>;
}

/**
 * Initializes a token of SoftHSM. It is used through pkcs11-tool: pkcs11js has no prebuilt binaries, and CI installs
 * packages without their scripts.
 */
export async function softHsm(): Promise<SoftHsm> {
  const folder = await temporaryFolder();
  await mkdir(join(folder, 'tokens'));
  const configuration = join(folder, 'softhsm2.conf');
  await writeFile(configuration, `directories.tokendir = ${join(folder, 'tokens')}\nobjectstore.backend = file\n`);
  const environment = { SOFTHSM2_CONF: configuration, PIN: pin, PKCS11_MODULE: module, TOKEN_LABEL: label };

  const run = (program: string, argv: readonly string[], input?: Uint8Array): Promise<Buffer> =>
    new Promise((resolve, reject) => {
      const env = { PATH: process.env['PATH'], ...environment };
      const child = execFile(program, [...argv], { env, encoding: 'buffer' }, (error, output) => {
        if (error === null) resolve(output);
        else reject(error);
      });
      child.stdin?.end(input);
    });
  const tool = (argv: readonly string[], input?: Uint8Array): Promise<Buffer> =>
    run('pkcs11-tool', ['--module', module, '--token-label', label, '--login', '--pin', 'env:PIN', ...argv], input);

  await run('softhsm2-util', ['--init-token', '--free', '--label', label, '--pin', pin, '--so-pin', pin]);
  let keys = 0;

  return {
    environment,
    async signer(algorithm, { isDer = false } = {}) {
      keys += 1;
      const id = String(keys).padStart(2, '0');
      const { type, mechanism, isDigest } = kinds[algorithm];
      await tool(['--keypairgen', '--key-type', type, '--id', id, '--usage-sign']);
      const file = join(folder, `public-${id}`);
      await tool(['--read-object', '--type', 'pubkey', '--id', id, '--output-file', file]);
      const argv = ['--sign', '--id', id, '--mechanism', ...mechanism];
      const format = isDer ? ['--signature-format', 'openssl'] : [];
      return {
        id,
        algorithm,
        keyId: `key-${id}`,
        publicKey: await readPublicKey(file),
        sign: (data) => tool([...argv, ...format], isDigest ? hash('sha256', data, 'buffer') : data),
      };
    },
  };
}

// pkcs11-tool writes DER, and PEM for Ed25519.
async function readPublicKey(file: string): Promise<KeyObject> {
  const content = await readFile(file);
  if (content.includes('-----BEGIN')) return createPublicKey(content);
  return createPublicKey({ key: content, format: 'der', type: 'spki' });
}
