import { createHash } from 'node:crypto';

import { checkOptions } from '../core/check-options.js';
import { ConfigurationError } from '../core/errors.js';
import type { StoredToken, TokenStore } from './token-store.js';

/** Options of {@link encryptedStore}. */
export interface EncryptedStoreOptions {
  /**
   * Keys of 32 random bytes, as bytes or in base64 (`openssl rand -base64 32`). The first, newest one encrypts and all decrypt.
   * For a new key, first have all replicas know it in second place, then put it first, and drop the old one once its tokens
   * have expired.
   */
  readonly keys: readonly (string | Uint8Array)[];
}

/**
 * Wraps a token store, so that it sees only ciphertext: JWE (RFC 7516) with A256GCM, and the key, version and times of the
 * entry bound in. What was encrypted by an unknown key, or was changed, comes back with an empty payload: a miss.
 * @throws {ConfigurationError} when there is no key, one has another length, or an option is unknown
 */
export function encryptedStore(store: TokenStore, options: EncryptedStoreOptions): TokenStore {
  checkOptions('encryptedStore', options, { keys: listOfKeys });
  const keyring = new Map((options.keys ?? []).map(readKey).map((key) => [keyId(key), key]));
  const [newest] = keyring;
  if (newest === undefined) throw new ConfigurationError('encryptedStore needs "keys", at least one');
  const [kid, newestKey] = newest;

  async function seal(key: string, token: StoredToken): Promise<StoredToken> {
    // Not at start-up: most services have no store.
    const { FlattenedEncrypt } = await import('jose/jwe/flattened/encrypt');
    const jwe = await new FlattenedEncrypt(Buffer.from(token.payload))
      .setProtectedHeader({ alg: 'dir', enc: 'A256GCM', kid })
      .setAdditionalAuthenticatedData(boundIn(key, token))
      .encrypt(newestKey);
    return { ...token, payload: [jwe.protected, jwe.iv, jwe.ciphertext, jwe.tag].join('.') };
  }

  async function open(key: string, token: StoredToken): Promise<string> {
    const [header = '', iv = '', ciphertext = '', tag = ''] = token.payload.split('.');
    const { flattenedDecrypt } = await import('jose/jwe/flattened/decrypt');
    const { plaintext } = await flattenedDecrypt(
      { protected: header, iv, ciphertext, tag, aad: boundIn(key, token).toString('base64url') },
      (protectedHeader) => keyring.get(protectedHeader?.kid ?? '') ?? Promise.reject(new Error('the key is unknown')),
      { keyManagementAlgorithms: ['dir'], contentEncryptionAlgorithms: ['A256GCM'] },
    );
    return Buffer.from(plaintext).toString('utf8');
  }

  return {
    async get(key, call) {
      const sealed = await store.get(key, call);
      return sealed && { ...sealed, payload: await open(key, sealed).catch(() => unreadable) };
    },
    set: async (key, token, ttlMs, call) => store.set(key, await seal(key, token), ttlMs, call),
    delete: (key, token, call) => store.delete(key, token, call),
    lease: (key, ms, call) => store.lease(key, ms, call),
  };
}

// No payload of any version is empty: whoever reads it discards it.
const unreadable = '';

const boundIn = (key: string, { version, issuedAt, expiresAt }: StoredToken): Buffer =>
  Buffer.from(`${key}:${version}:${issuedAt}:${expiresAt}`);

// Tells nothing of a key that is random.
const keyId = (key: Uint8Array): string =>
  createHash('sha256').update('m2m-tokens key id').update(key).digest('base64url').slice(0, 11);

const listOfKeys = (value: unknown): string | undefined => (Array.isArray(value) ? undefined : 'a list of keys');

function readKey(key: string | Uint8Array): Uint8Array {
  const bytes = typeof key === 'string' ? Buffer.from(key, 'base64') : key;
  if (bytes.length === 32) return bytes;
  throw new ConfigurationError(
    `each of the "keys" of encryptedStore must be 32 random bytes, or these in base64, not ${bytes.length} bytes`,
  );
}
