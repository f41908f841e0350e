import { createHash } from 'node:crypto';
import { isUint8Array } from 'node:util/types';

import { checkArgument, checkOptions } from '../core/check-options.js';
import { ConfigurationError } from '../core/errors.js';
import { anyTokenStore, asConfidential, type StoredToken, type TokenStore } from './token-store.js';

/** Options of {@link encryptedStore}. */
export interface EncryptedStoreOptions {
  /**
   * Keys of 32 random bytes, as bytes or in base64 (`openssl rand -base64 32`). The first key encrypts, every key
   * decrypts. To change the key, add the new one as the second key on all replicas, then move it to the first place.
   * Remove the old key when its tokens have expired.
   */
  readonly keys: readonly (string | Uint8Array)[];
}

/**
 * Encrypts the entries of a token store as JWE with A256GCM. The key, version and times of an entry are authenticated,
 * too. An entry that was modified, or encrypted with an unknown key, counts as missing.
 * @throws {ConfigurationError} if `store` is not a token store, `keys` is empty or malformed, or an option is unknown
 * @see [RFC 7516](https://www.rfc-editor.org/rfc/rfc7516)
 * @example
 * ```ts
 * import { encryptedStore, tokenServiceFromEnvironment } from 'm2m-tokens';
 * import { redisStore } from 'm2m-tokens/redis';
 * import { createClient } from 'redis';
 *
 * const store = encryptedStore(redisStore(createClient()), { keys: [process.env.TOKEN_KEY ?? ''] });
 * const tokens = tokenServiceFromEnvironment({ store });
 * ```
 */
export function encryptedStore(store: TokenStore, options: EncryptedStoreOptions): TokenStore {
  checkArgument('encryptedStore', 'store', store, anyTokenStore);
  checkOptions('encryptedStore', options, { keys: listOfKeys });
  const keyring = new Map((options.keys ?? []).map(readKey).map((key) => [keyId(key), key]));
  const [newest] = keyring;
  if (newest === undefined) throw new ConfigurationError('encryptedStore needs "keys", at least one');
  const [kid, newestKey] = newest;

  async function seal(key: string, token: StoredToken): Promise<StoredToken> {
    // Loaded here, because most services have no store.
    const { FlattenedEncrypt } = await import('jose/jwe/flattened/encrypt');
    const jwe = await new FlattenedEncrypt(Buffer.from(token.payload))
      .setProtectedHeader({ alg: 'dir', enc: 'A256GCM', kid })
      .setAdditionalAuthenticatedData(additionalData(key, token))
      .encrypt(newestKey);
    return { ...token, payload: [jwe.protected, jwe.iv, jwe.ciphertext, jwe.tag].join('.') };
  }

  async function open(key: string, token: StoredToken): Promise<string> {
    const [header = '', iv = '', ciphertext = '', tag = ''] = token.payload.split('.');
    const { flattenedDecrypt } = await import('jose/jwe/flattened/decrypt');
    const { plaintext } = await flattenedDecrypt(
      { protected: header, iv, ciphertext, tag, aad: additionalData(key, token).toString('base64url') },
      (protectedHeader) => keyring.get(protectedHeader?.kid ?? '') ?? Promise.reject(new Error('the key is unknown')),
      { keyManagementAlgorithms: ['dir'], contentEncryptionAlgorithms: ['A256GCM'] },
    );
    return Buffer.from(plaintext).toString('utf8');
  }

  return asConfidential({
    async get(key, call) {
      const sealed = await store.get(key, call);
      return sealed && { ...sealed, payload: await open(key, sealed).catch(() => unreadable) };
    },
    set: async (key, token, ttlMs, call) => store.set(key, await seal(key, token), ttlMs, call),
    delete: (key, token, call) => store.delete(key, token, call),
    lease: (key, ms, call) => store.lease(key, ms, call),
  });
}

// No format has an empty payload, so the entry counts as invalid.
const unreadable = '';

const additionalData = (key: string, { version, issuedAt, expiresAt }: StoredToken): Buffer =>
  Buffer.from(`${key}:${version}:${issuedAt}:${expiresAt}`);

// A hash of a random key does not reveal it.
const keyId = (key: Uint8Array): string =>
  createHash('sha256').update('m2m-tokens key id').update(key).digest('base64url').slice(0, 11);

const listOfKeys = (value: unknown): string | undefined => (Array.isArray(value) ? undefined : 'a list of keys');

function readKey(key: unknown): Uint8Array {
  const bytes = typeof key === 'string' ? Buffer.from(key, 'base64') : key;
  const isBytes = isUint8Array(bytes);
  if (isBytes && bytes.length === 32) return bytes;
  const found = isBytes ? `${bytes.length} bytes` : key === null ? 'null' : typeof key;
  throw new ConfigurationError(
    `each of the "keys" of encryptedStore must be 32 random bytes, or their base64 encoding, not ${found}`,
  );
}
