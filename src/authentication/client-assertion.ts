import { randomUUID } from 'node:crypto';

import type { ClientAuth, ServerMetadata } from 'openid-client';

import { type Check, nonEmptyString } from '../core/check-options.js';
import { cleanIssuer } from '../core/clean-text.js';
import { systemClock } from '../core/clock.js';
import { ConfigurationError } from '../core/errors.js';
import { signedJws } from '../core/signed-jws.js';
import type { AssertionCertificate } from './assertion-certificate.js';
import type { SigningMeans } from './assertion-key.js';
import type { AuthenticationContext, PreparedAuthentication, PreparedCredential } from './client-authentication.js';

/** The claims and the header of a client assertion (RFC 7523 §3). */
export interface ClientAssertionOptions {
  /** @default the issuer, or the token endpoint if the service was configured with `tokenEndpoint` */
  readonly audience?: string | undefined;
  /** The `typ` of the header; `false` leaves it out. @default 'client-authentication+jwt' */
  readonly typ?: string | false | undefined;
}

/** The parts of a client assertion, and the key that signs it. */
export interface AssertionParts {
  readonly method: string;
  readonly clientId: string;
  readonly server: ServerMetadata;
  readonly context: AuthenticationContext | undefined;
  readonly options: ClientAssertionOptions;
  readonly means: SigningMeans | { readonly key: Uint8Array };
  readonly algorithm: string;
  readonly keyId?: string | undefined;
  /** The certificate of the key. */
  readonly certificate?: AssertionCertificate | undefined;
  /** A digest that changes with the key and the certificate. */
  readonly fingerprint: string;
  /** The key or secret that signs, after its certificate. */
  readonly credentials: readonly PreparedCredential[];
}

/** The checks of {@link ClientAssertionOptions}. */
export const assertionChecks: Readonly<Record<string, Check>> = {
  audience: nonEmptyString,
  typ: (value) => (value === false ? undefined : nonEmptyString(value) && 'a non-empty string or false'),
};

/** Authenticates with an assertion that is signed each time the request is sent (RFC 7523 §2.2). */
export function clientAssertion(parts: AssertionParts): PreparedAuthentication {
  const { method, server, context: { skewMs = 0, profile } = {}, options, algorithm } = parts;
  const { audience = server.issuer } = options;
  if (profile === 'fapi2' && audience !== server.issuer) {
    throw new ConfigurationError(
      `the profile "fapi2" requires the issuer as the audience of client assertions, not ${cleanIssuer(audience)}`,
    );
  }

  return {
    method,
    ...sendAssertion(() => sign(parts, audience)),
    // A newly measured clock skew changes the assertion, so the grant is repeated.
    fingerprint: `${parts.fingerprint} ${algorithm} ${skewMs}`,
    credentials: parts.credentials,
    hint:
      `the assertion was signed with ${algorithm} ${keyName(parts)} for the audience ${cleanIssuer(audience)}; ` +
      `check that this key is registered and that the clock is right; ${audienceHint(server, { method, audience })}`,
  };
}

function keyName({ keyId, certificate }: AssertionParts): string {
  const name = keyId === undefined ? 'without a key id' : `with the key id "${keyId}"`;
  return certificate === undefined ? name : `${name} and the certificate with x5t#S256 ${certificate.thumbprint}`;
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
  { clientId, context: { clock = systemClock, skewMs = 0, signal } = {}, options, means, ...named }: AssertionParts,
  audience: string,
): Promise<string> {
  const { typ = 'client-authentication+jwt' } = options;
  const { algorithm: alg, keyId, certificate } = named;
  const now = Math.floor((clock.now() + skewMs) / 1_000);
  const subject = { iss: clientId, sub: clientId, aud: audience, jti: randomUUID() };
  const claims = { ...subject, iat: now - backdatedSeconds, exp: now + lifetimeSeconds };
  const name = { ...(keyId !== undefined && { kid: keyId }), ...certificate?.header };
  const header = { ...name, ...(typ !== false && { typ }) };
  if ('signer' in means) return signedJws(header, claims, { ...means, signal });
  // Loaded on demand: most clients send their secret instead.
  const { SignJWT } = await import('jose/jwt/sign');
  return new SignJWT(claims).setProtectedHeader({ alg, ...header }).sign(means.key);
}
