import { constants, type KeyObject, verify } from 'node:crypto';
import { types } from 'node:util';

import { abortable, DeadlineError, withDeadline } from './abort.js';
import { cleanText } from './clean-text.js';
import { isEcdsa, toJwsEcdsa } from './ecdsa-signature.js';
import { GrantUnavailableError, isTokenError } from './errors.js';
import type { Signer } from './signer.js';

/** Options of {@link signedJws}. */
export interface SignedJwsOptions {
  readonly signer: Signer;
  /** Verifies the signature. @default none, and the signature is sent unverified */
  readonly publicKey?: KeyObject | undefined;
  /** Ends the wait for the signature. */
  readonly signal?: AbortSignal | undefined;
}

const defaultTimeoutMs = 5_000;

/**
 * Makes a JWS in compact serialization (RFC 7515 §7.1) whose signature comes from a remote signer. Adds `alg`.
 * @throws {GrantUnavailableError} if the signer fails, is late, or returns no valid signature
 * @throws the reason of `signal`
 */
export async function signedJws(header: object, claims: object, options: SignedJwsOptions): Promise<string> {
  const { algorithm } = options.signer;
  const input = [{ alg: algorithm, ...header }, claims].map((part) => encoded(JSON.stringify(part))).join('.');
  // Not a Buffer: its memory may be shared, which matters to a signer that reads `data.buffer`.
  const data = new TextEncoder().encode(input);
  const signature = await sign(data, options);
  return `${input}.${encoded(signature)}`;
}

const encoded = (bytes: string | Uint8Array): string => Buffer.from(bytes as Uint8Array).toString('base64url');

async function sign(data: Uint8Array, { signer, publicKey, signal }: SignedJwsOptions): Promise<Uint8Array> {
  const name = `the signer of the key "${cleanText(signer.keyId)}"`;
  const found: unknown = await requested(data, signer, name, signal);
  // With another attempt, the same signer would return the same.
  const malformed = (flaw: string) => new GrantUnavailableError(`${name} ${flaw}`, { retryable: false });
  // An error of `instanceof` would be one of another realm.
  if (!types.isUint8Array(found)) throw malformed('did not return a Uint8Array: decode base64 or hexadecimal text');
  const { algorithm } = signer;
  const signature = isEcdsa(algorithm) ? toJwsEcdsa(found, algorithm) : hasLength(found, algorithm) ? found : undefined;
  if (signature === undefined) {
    throw malformed(
      `returned ${found.length} bytes that are no ${algorithm} signature: check the key and its algorithm`,
    );
  }
  if (publicKey !== undefined && !isValid(signature, { data, publicKey, algorithm })) {
    throw malformed(
      `returned a signature that its public key does not verify: check that the key is the same, that the data are signed ` +
        `with ${algorithm}, and that they are hashed once only`,
    );
  }
  return signature;
}

async function requested(
  data: Uint8Array,
  signer: Signer,
  name: string,
  signal: AbortSignal | undefined,
): Promise<unknown> {
  const { timeoutMs = defaultTimeoutMs } = signer;
  try {
    // The function is async, so that an error that the signer throws at once is handled too.
    return await withDeadline(timeoutMs, signal, (until) => abortable((async () => signer.sign(data))(), until));
  } catch (cause) {
    if (cause instanceof DeadlineError) throw new GrantUnavailableError(`${name} did not sign in time`, { cause });
    if (signal?.aborted) throw cause;
    if (isTokenError(cause) && cause.code === 'ERR_CONFIGURATION') throw cause;
    const retryable = isTokenError(cause) ? cause.retryable : true;
    throw new GrantUnavailableError(`${name} failed; see "cause"`, { cause, retryable });
  }
}

// RFC 8032 §5.1.6, RFC 8017 §8; RSA keys have 2048 bits or more.
const hasLength = ({ length }: Uint8Array, algorithm: string): boolean =>
  algorithm.startsWith('Ed') ? length === 64 : length >= 256 && length <= 2_048;

interface Signed {
  readonly data: Uint8Array;
  readonly publicKey: KeyObject;
  readonly algorithm: string;
}

function isValid(signature: Uint8Array, { data, publicKey: key, algorithm }: Signed): boolean {
  if (algorithm.startsWith('Ed')) return verify(null, data, key, signature);
  const digest = `sha${algorithm.slice(2)}`;
  if (isEcdsa(algorithm)) return verify(digest, data, { key, dsaEncoding: 'ieee-p1363' }, signature);
  if (algorithm.startsWith('RS')) return verify(digest, data, key, signature);
  // RFC 7518 §3.5: the salt is as long as the digest.
  const { RSA_PKCS1_PSS_PADDING: padding, RSA_PSS_SALTLEN_DIGEST: saltLength } = constants;
  return verify(digest, data, { key, padding, saltLength }, signature);
}
