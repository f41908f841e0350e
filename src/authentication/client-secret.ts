import { hash } from 'node:crypto';

import type { ClientAuth, ServerMetadata } from 'openid-client';

import { checkOptions, oneOf } from '../core/check-options.js';
import type { Clock } from '../core/clock.js';
import { basicCredentials, type BasicEncoding, basicEncodings } from './basic-credentials.js';
import { checkSecret, whitespaceHint, fingerprintOf, resolveSecret, type Secret } from './secret.js';
import { supportedMethod } from './supported-method.js';

/** How the client proves who it is, once for each grant (RFC 6749 §2.3). */
export interface ClientAuthentication {
  /** Its registered name, as in `token_endpoint_auth_methods_supported` (RFC 7591 §2), where that is known beforehand. */
  readonly method?: string | undefined;
  /**
   * Prepares one token request.
   * @throws {ConfigurationError} when the authorization server does not take this authentication
   */
  prepare(
    clientId: string,
    server: ServerMetadata,
    circumstances?: AuthenticationContext,
  ): Promise<PreparedAuthentication>;
  /** Something that changes when the credentials do and tells nothing of them. */
  fingerprint(): Promise<string>;
  /** SHA-256 thumbprint of the certificate that tokens are bound to (RFC 8705 §3.1): tokens bound to others are of no use. */
  certificateThumbprint?(): Promise<string>;
  /** Told of each change of what the tokens in use are bound to; from then on this certificate is presented to APIs. */
  useCertificate?(thumbprint: string | undefined): void;
}

/** What a request is prepared under; each member has a default. */
export interface AuthenticationContext {
  readonly clock?: Clock | undefined;
  /** How far the clock of the authorization server is ahead, in milliseconds. @default 0 */
  readonly skewMs?: number | undefined;
  /** Whose rules hold beside those of OAuth. */
  readonly profile?: 'fapi2' | undefined;
  /** Whether an authorization server that binds no token to the certificate will not do. @default false */
  readonly requireSenderConstraint?: boolean | undefined;
}

/** The authentication of one token request. */
export interface PreparedAuthentication {
  /** Its registered name (RFC 7591 §2). */
  readonly method: string;
  /** Adds it to the headers or the body of the request; called once for each time that the request is sent. */
  readonly authenticate: ClientAuth;
  /** What must not be repeated in any message, event or error. */
  readonly secrets: readonly string[];
  /** Something that changes when the credentials do: when they are refused, others are tried once. */
  readonly fingerprint: string;
  /** Why a right secret might be refused all the same. */
  readonly hint?: string | undefined;
  /** Sends the request instead of the usual fetch, to the endpoint for mutual TLS where there is one (RFC 8705 §5). */
  readonly fetch?: typeof globalThis.fetch | undefined;
  /** SHA-256 thumbprint of the certificate that the token will be bound to (RFC 8705 §3.1). */
  readonly certificateThumbprint?: string | undefined;
}

/** Options of {@link clientSecretBasic}. */
export interface ClientSecretBasicOptions {
  /**
   * How id and secret are encoded before they are joined. RFC 6749 §2.3.1 wants them form-encoded (`'form'`), most servers
   * take them as they are (`'raw'`). `'minimal'` encodes only what a decoding server would misread, so that both kinds
   * understand it, unless there is such a character.
   * @default 'minimal'
   */
  readonly encoding?: BasicEncoding;
}

/** Sends id and secret in the `Authorization` header: `client_secret_basic` (RFC 6749 §2.3.1). */
export function clientSecretBasic(secret: Secret, options: ClientSecretBasicOptions = {}): ClientAuthentication {
  checkSecret('clientSecretBasic', secret);
  checkOptions('clientSecretBasic', options, { encoding: oneOf(...basicEncodings) });
  const { encoding = 'minimal' } = options;
  const method = 'client_secret_basic';

  return {
    method,
    fingerprint: () => fingerprintOf(secret),
    async prepare(clientId, server) {
      const clientSecret = await resolveSecret(secret);
      const { credentials, encodedSecret, isAmbiguous } = basicCredentials(clientId, clientSecret, encoding);

      return {
        method: supportedMethod(server, method),
        authenticate: (_server, _client, _body, headers) => headers.set('authorization', `Basic ${credentials}`),
        secrets: [clientSecret, encodedSecret, credentials],
        fingerprint: hash('sha256', clientSecret, 'base64url'),
        hint: isAmbiguous ? `${ambiguity}; it was sent with the encoding "${encoding}"` : undefined,
      };
    },
  };
}

/** Sends id and secret in the body of the token request: `client_secret_post` (RFC 6749 §2.3.1). */
export function clientSecretPost(secret: Secret): ClientAuthentication {
  checkSecret('clientSecretPost', secret);
  const method = 'client_secret_post';

  return {
    method,
    fingerprint: () => fingerprintOf(secret),
    async prepare(_clientId, server) {
      const clientSecret = await resolveSecret(secret);
      return {
        method: supportedMethod(server, method),
        authenticate: (_server, client, body) => {
          body.set('client_id', client.client_id);
          body.set('client_secret', clientSecret);
        },
        secrets: [clientSecret],
        fingerprint: hash('sha256', clientSecret, 'base64url'),
        hint: whitespaceHint(clientSecret),
      };
    },
  };
}

/**
 * `client_secret_basic` where the metadata of the authorization server says so or nothing (RFC 8414 §2), else
 * `client_secret_post`. Nothing is tried out.
 */
export function clientSecretByMetadata(secret: Secret): ClientAuthentication {
  const basic = clientSecretBasic(secret);
  const post = clientSecretPost(secret);

  return {
    fingerprint: () => fingerprintOf(secret),
    async prepare(clientId, server) {
      const method = supportedMethod(server, 'client_secret_basic', 'client_secret_post');
      return (method === 'client_secret_basic' ? basic : post).prepare(clientId, server);
    },
  };
}

const ambiguity =
  'the client id or the secret holds a character that servers read in different ways (% + space : control or non-ASCII): ' +
  'try clientSecretBasic(secret, { encoding }) with "form" or "raw", or clientSecretPost(secret)';
