import { randomUUID, type KeyObject, type webcrypto } from 'node:crypto';

import type { ClientAuth, ServerMetadata } from 'openid-client';

import { type Check, nonEmptyString } from '../core/check-options.js';
import { systemClock } from '../core/clock.js';
import { ConfigurationError } from '../core/errors.js';
import type { AuthenticationContext, PreparedAuthentication } from './client-secret.js';

/** What the assertion of a client says (RFC 7523 §3). */
export interface ClientAssertionOptions {
  /** Whom it is for. @default the issuer, or the token endpoint where the service was given that instead */
  readonly audience?: string | undefined;
  /** The type in its header, `false` for none. @default 'client-authentication+jwt' */
  readonly typ?: string | false | undefined;
}

/** Who signs for whom, and with what. */
export interface AssertionSigner {
  readonly method: string;
  readonly clientId: string;
  readonly server: ServerMetadata;
  readonly circumstances: AuthenticationContext | undefined;
  readonly options: ClientAssertionOptions;
  readonly key: KeyObject | webcrypto.CryptoKey | Uint8Array;
  readonly algorithm: string;
  readonly keyId?: string | undefined;
  /** Changes with the key. */
  readonly fingerprint: string;
}

/** The checks of {@link ClientAssertionOptions}. */
export const assertionChecks: Readonly<Record<string, Check>> = {
  audience: nonEmptyString,
  typ: (value) => (value === false ? undefined : nonEmptyString(value) && 'a non-empty string or false'),
};

/** Authenticates with an assertion that is signed anew whenever the request is sent (RFC 7523 §2.2). */
export function clientAssertion(signer: AssertionSigner): PreparedAuthentication {
  const { method, server, circumstances: { skewMs = 0, profile } = {}, options, algorithm, keyId } = signer;
  const { audience = server.issuer } = options;
  if (profile === 'fapi2' && audience !== server.issuer) {
    throw new ConfigurationError(`the profile "fapi2" has assertions made out to the issuer, not to ${audience}`);
  }
  const named = keyId === undefined ? 'without a key id' : `with the key id "${keyId}"`;

  return {
    method,
    ...sendAssertion(() => sign(signer, audience)),
    // An assertion that is refused by a server whose clock differs is worth another one.
    fingerprint: `${signer.fingerprint} ${skewMs}`,
    hint: `the assertion was signed with ${algorithm} ${named} for the audience ${audience}; is this key registered, and the clock right?`,
  };
}

const jwtBearer = 'urn:ietf:params:oauth:client-assertion-type:jwt-bearer';

/** Puts what `issue` returns into the request, and keeps it out of messages from then on. */
export function sendAssertion(
  issue: () => Promise<string>,
  type = jwtBearer,
): Pick<PreparedAuthentication, 'authenticate' | 'secrets'> {
  const secrets: string[] = [];
  const authenticate = async (...[_server, client, body]: Parameters<ClientAuth>): Promise<void> => {
    const assertion = await issue();
    secrets.push(assertion);
    body.set('client_id', client.client_id);
    body.set('client_assertion_type', type);
    body.set('client_assertion', assertion);
  };
  // oxlint-disable-next-line typescript/no-misused-promises -- openid-client waits, although its type does not say so
  return { secrets, authenticate };
}

const lifetimeSeconds = 60;
// Servers refuse what was issued in the future, even by a clock that is a little ahead of theirs. For the same reason there is no `nbf`.
const backSeconds = 5;

async function sign(
  {
    clientId,
    circumstances: { clock = systemClock, skewMs = 0 } = {},
    options,
    key,
    algorithm,
    keyId,
  }: AssertionSigner,
  audience: string,
): Promise<string> {
  const { typ = 'client-authentication+jwt' } = options;
  // Loaded when it is needed: most clients have a secret.
  const { SignJWT } = await import('jose/jwt/sign');
  const now = Math.floor((clock.now() + skewMs) / 1_000);
  const claims = { iss: clientId, sub: clientId, aud: audience, jti: randomUUID() };
  return new SignJWT({ ...claims, iat: now - backSeconds, exp: now + lifetimeSeconds })
    .setProtectedHeader({ alg: algorithm, ...(keyId !== undefined && { kid: keyId }), ...(typ !== false && { typ }) })
    .sign(key);
}
