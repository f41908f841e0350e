import type { ClientAuth, ServerMetadata } from 'openid-client';

import type { Clock } from '../core/clock.js';
import type { CredentialFacts } from '../core/events.js';

/**
 * How the client authenticates at the token endpoint (RFC 6749 §2.3). Made by `clientSecretBasic`, `privateKeyJwt`, `mutualTls`
 * and others, and given to `createTokenService`; its members are internal.
 */
export interface ClientAuthentication {
  /** @internal */
  readonly [brand]: 'ClientAuthentication';
}

declare const brand: unique symbol;

/** The members of a {@link ClientAuthentication}. */
export interface ClientAuthenticator {
  /** The registered name of the method (RFC 7591 §2), if it is the same at every authorization server. */
  readonly method?: string | undefined;
  /**
   * Prepares one grant or revocation.
   * @throws {ConfigurationError} if the authorization server does not support this authentication
   */
  prepare(clientId: string, server: ServerMetadata, context?: AuthenticationContext): Promise<PreparedAuthentication>;
  /** A digest that changes with the credentials and reveals nothing about them. */
  fingerprint(): Promise<string>;
  /** SHA-256 thumbprint of the certificate that usable tokens are bound to (RFC 8705 §3.1). */
  certificateThumbprint?(): Promise<string>;
  /** Presents the certificate with this thumbprint to resource servers from now on. */
  useCertificate?(thumbprint: string | undefined): void;
}

/** Hides the members of a client authentication from the public types, which must not show those of openid-client. */
export const asClientAuthentication = (authenticator: ClientAuthenticator): ClientAuthentication =>
  authenticator as unknown as ClientAuthentication;

/** The members of a client authentication. */
export const authenticatorOf = (authentication: ClientAuthentication): ClientAuthenticator =>
  authentication as unknown as ClientAuthenticator;

/** Context for preparing one token request. */
export interface AuthenticationContext {
  readonly clock?: Clock | undefined;
  /** How far the clock of the authorization server is ahead, in milliseconds. @default 0 */
  readonly skewMs?: number | undefined;
  /** The secrets of the same request, if the server has just rejected it. @default none */
  readonly rejectedSecrets?: readonly string[] | undefined;
  /** A profile whose rules apply in addition to those of OAuth. */
  readonly profile?: 'fapi2' | undefined;
  /** Ends the wait for a remote signer. */
  readonly signal?: AbortSignal | undefined;
  /** Whether the authorization server must bind tokens to the client certificate. @default false */
  readonly requireSenderConstraint?: boolean | undefined;
}

/** A credential of one token request. */
export interface PreparedCredential {
  readonly facts: CredentialFacts;
  /**
   * Changes when the credential is rotated. `undefined` if each grant may have another one, such as an assertion that a
   * function issues.
   */
  readonly fingerprint: string | undefined;
}

/** The authentication of one token request. */
export interface PreparedAuthentication {
  /** The registered name of the method (RFC 7591 §2). */
  readonly method: string;
  /** Adds the authentication to the headers or the body. Called again each time the request is sent. */
  readonly authenticate: ClientAuth;
  /** Texts that must not appear in a message, event or error. */
  readonly secrets: readonly string[];
  /** Changes with the credentials. A request that was rejected because of them is repeated once if this has changed. */
  readonly fingerprint: string;
  /** The credentials, for events; first the one that `grant.succeeded` describes. */
  readonly credentials?: readonly PreparedCredential[] | undefined;
  /** A hint for error messages: why correct credentials may be rejected. */
  readonly hint?: string | undefined;
  /** Replaces the option `fetch`, and selects the endpoints for mutual TLS if the metadata have any (RFC 8705 §5). */
  readonly fetch?: typeof globalThis.fetch | undefined;
  /** SHA-256 thumbprint of the certificate that the token is going to be bound to (RFC 8705 §3.1). */
  readonly certificateThumbprint?: string | undefined;
}
