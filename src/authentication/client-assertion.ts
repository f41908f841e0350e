import { randomUUID, type KeyObject, type webcrypto } from 'node:crypto';

import type { ClientAuth, ServerMetadata } from 'openid-client';

import { type Check, nonEmptyString } from '../core/check-options.js';
import { cleanIssuer } from '../core/clean-text.js';
import { systemClock } from '../core/clock.js';
import { ConfigurationError } from '../core/errors.js';
import type { CredentialFacts } from '../core/events.js';
import type { AuthenticationContext, PreparedAuthentication } from './client-authentication.js';

/** The claims and the header of a client assertion (RFC 7523 §3). */
export interface ClientAssertionOptions {
  /** @default the issuer, or the token endpoint if the service was configured with `tokenEndpoint` */
  readonly audience?: string | undefined;
  /** The `typ` of the header; `false` leaves it out. @default 'client-authentication+jwt' */
  readonly typ?: string | false | undefined;
}

/** The parts of a client assertion, and the key that signs it. */
export interface AssertionSigner {
  readonly method: string;
  readonly clientId: string;
  readonly server: ServerMetadata;
  readonly context: AuthenticationContext | undefined;
  readonly options: ClientAssertionOptions;
  readonly key: KeyObject | webcrypto.CryptoKey | Uint8Array;
  readonly algorithm: string;
  readonly keyId?: string | undefined;
  /** A digest that changes with the key. */
  readonly fingerprint: string;
  /** The key or secret that signs. */
  readonly credential: CredentialFacts;
}

/** The checks of {@link ClientAssertionOptions}. */
export const assertionChecks: Readonly<Record<string, Check>> = {
  audience: nonEmptyString,
  typ: (value) => (value === false ? undefined : nonEmptyString(value) && 'a non-empty string or false'),
};

/** Authenticates with an assertion that is signed each time the request is sent (RFC 7523 §2.2). */
export function clientAssertion(signer: AssertionSigner): PreparedAuthentication {
  const { method, server, context: { skewMs = 0, profile } = {}, options, algorithm, keyId } = signer;
  const { audience = server.issuer } = options;
  if (profile === 'fapi2' && audience !== server.issuer) {
    throw new ConfigurationError(
      `the profile "fapi2" requires the issuer as the audience of client assertions, not ${cleanIssuer(audience)}`,
    );
  }
  const keyName = keyId === undefined ? 'without a key id' : `with the key id "${keyId}"`;

  return {
    method,
    ...sendAssertion(() => sign(signer, audience)),
    // A newly measured clock skew changes the assertion, so the grant is repeated.
    fingerprint: `${signer.fingerprint} ${algorithm} ${skewMs}`,
    credentials: [{ facts: signer.credential, fingerprint: signer.fingerprint }],
    hint:
      `the assertion was signed with ${algorithm} ${keyName} for the audience ${cleanIssuer(audience)}; ` +
      `check that this key is registered and that the clock is right; ${audienceHint(server, { method, audience })}`,
  };
}

// RFC 7523 §3 does not define one audience: servers expect their issuer or their token endpoint.
function audienceHint(
  { issuer, token_endpoint: endpoint }: ServerMetadata,
  { method, audience }: { readonly method: string; readonly audience: string },
): string {
  const option = `"audience" of ${method === 'client_secret_jwt' ? 'clientSecretJwt' : 'privateKeyJwt'}`;
  if (endpoint === undefined || audience === endpoint) {
    const name = endpoint === issuer ? '' : ` to "${cleanIssuer(issuer)}"`;
    return `the server may want its issuer as the audience: set ${option}${name}`;
  }
  return `the server may want its token endpoint as the audience: set ${option} to "${cleanIssuer(endpoint)}"`;
}

const jwtBearer = 'urn:ietf:params:oauth:client-assertion-type:jwt-bearer';

/** Adds the assertion that `issue` returns to the request, and to the secrets that must not appear in messages. */
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
  // oxlint-disable-next-line typescript/no-misused-promises -- openid-client awaits it, although its type does not say so
  return { secrets, authenticate };
}

const lifetimeSeconds = 60;
// Servers reject assertions from the future, and their clock may be a little behind. For the same reason there is no `nbf`.
const backdatedSeconds = 5;

async function sign(
  { clientId, context: { clock = systemClock, skewMs = 0 } = {}, options, key, algorithm, keyId }: AssertionSigner,
  audience: string,
): Promise<string> {
  const { typ = 'client-authentication+jwt' } = options;
  // Loaded on demand: most clients send their secret instead.
  const { SignJWT } = await import('jose/jwt/sign');
  const now = Math.floor((clock.now() + skewMs) / 1_000);
  const claims = { iss: clientId, sub: clientId, aud: audience, jti: randomUUID() };
  return new SignJWT({ ...claims, iat: now - backdatedSeconds, exp: now + lifetimeSeconds })
    .setProtectedHeader({ alg: algorithm, ...(keyId !== undefined && { kid: keyId }), ...(typ !== false && { typ }) })
    .sign(key);
}
