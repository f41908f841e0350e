import { hash } from 'node:crypto';

import { checkOptions, nonEmptyString, oneOf } from '../core/check-options.js';
import { ConfigurationError } from '../core/errors.js';
import { anyAssertionSource, assertionReader, type AssertionSource, subjectOf } from './assertion-source.js';
import { asGrantType, checkSubjectMembers, type GrantType } from './grant-type.js';

/** Options of {@link tokenExchange}. A type is a URI, or its last part: `'jwt'` is `urn:ietf:params:oauth:token-type:jwt`. */
export interface TokenExchangeOptions {
  /** The source of the token to exchange. Without it, each token request needs a `subjectToken` of its own. */
  readonly subjectToken?: AssertionSource | undefined;
  /** The type of the subject token: `'access_token'`, `'id_token'`, `'jwt'`, `'saml2'` or a URI (RFC 8693 §3). */
  readonly subjectTokenType: string;
  /** The source of the token of the party that acts for the subject. */
  readonly actorToken?: AssertionSource | undefined;
  /** The type of the actor token, required with `actorToken`. */
  readonly actorTokenType?: string | undefined;
  /** The type of the token to obtain. @default chosen by the authorization server, usually an access token */
  readonly requestedTokenType?: string | undefined;
  /** The format of the body of a grant. OAuth has only `'form'`; some vendors expect `'json'`. @default 'form' */
  readonly bodyFormat?: 'form' | 'json' | undefined;
}

/**
 * The token exchange grant: trades a token of a user or a workload for an access token. Client authentication is
 * optional. A subject token that the authorization server has rejected (`invalid_grant`) is not sent again.
 * @throws {ConfigurationError} if an option is missing, unknown or malformed
 * @see [RFC 8693 §2](https://www.rfc-editor.org/rfc/rfc8693#section-2)
 * @example
 * ```ts
 * import { createTokenService, fromFile, tokenExchange } from 'm2m-tokens';
 *
 * const tokens = createTokenService({
 *   issuer: 'https://auth.example.com',
 *   clientId: 'orders-service',
 *   clientSecret: fromFile('/run/secrets/client'),
 *   grant: tokenExchange({ subjectTokenType: 'access_token' }),
 * });
 * // A token for each user: the cache keeps them apart.
 * const token = await tokens.getToken({ subjectToken: 'the-token-of-a-user' });
 * ```
 */
export function tokenExchange(options: TokenExchangeOptions): GrantType {
  checkOptions('tokenExchange', options, {
    subjectToken: anyAssertionSource,
    subjectTokenType: nonEmptyString,
    actorToken: anyAssertionSource,
    actorTokenType: nonEmptyString,
    requestedTokenType: nonEmptyString,
    bodyFormat: oneOf('form', 'json'),
  });
  const { subjectToken, subjectTokenType, actorToken, actorTokenType, requestedTokenType, bodyFormat } = options;
  if (subjectTokenType === undefined) throw new ConfigurationError('tokenExchange needs "subjectTokenType"');
  if ((actorToken === undefined) !== (actorTokenType === undefined)) {
    throw new ConfigurationError('tokenExchange takes "actorToken" and "actorTokenType" together (RFC 8693 §2.1)');
  }
  const readSubject = subjectToken && assertionReader(subjectToken, 'the subject token of tokenExchange');
  const readActor = actorToken && assertionReader(actorToken, 'the actor token of tokenExchange');

  return asGrantType({
    name: 'urn:ietf:params:oauth:grant-type:token-exchange',
    title: 'token exchange grant',
    isExchange: true,
    bodyFormat,
    async subject() {
      const tokens = await Promise.all([readSubject?.({ signal: undefined }), readActor?.({ signal: undefined })]);
      return tokens.map((token) => token && subjectOf(token)).join(' ');
    },
    async prepare(request, { signal, rejected }) {
      checkSubjectMembers(request, 'subjectToken');
      const { subject_token: oldSubject, actor_token: oldActor } = rejected?.parameters ?? {};
      const [subject, actor] = await Promise.all([
        request.subjectToken ?? readSubject?.({ signal, replacing: oldSubject }),
        readActor?.({ signal, replacing: oldActor }),
      ]);
      if (subject === undefined) {
        throw new ConfigurationError('tokenExchange needs a "subjectToken": as its option, or in each token request');
      }
      return {
        parameters: {
          subject_token: subject,
          subject_token_type: typeUri(subjectTokenType),
          ...(requestedTokenType !== undefined && { requested_token_type: typeUri(requestedTokenType) }),
          ...(actor !== undefined && { actor_token: actor, actor_token_type: typeUri(actorTokenType ?? '') }),
        },
        secrets: actor === undefined ? [subject] : [subject, actor],
        fingerprint: hash('sha256', `${subject}\n${actor}`, 'base64url'),
        hint: 'the subject or actor token is rejected: check their types, issuer, audience and expiry, and that this client may exchange them',
      };
    },
  });
}

const typeUri = (type: string): string => (type.includes(':') ? type : `urn:ietf:params:oauth:token-type:${type}`);
