import { hash } from 'node:crypto';

import { checkOptions, oneOf } from '../core/check-options.js';
import { ConfigurationError } from '../core/errors.js';
import { anyAssertionSource, assertionReader, type AssertionSource, subjectOf } from './assertion-source.js';
import { asGrantType, checkSubjectMembers, type GrantType } from './grant-type.js';

/** Options of {@link jwtBearer}. */
export interface JwtBearerOptions {
  /** The source of the assertion. Without it, each token request needs an `assertion` of its own. */
  readonly assertion?: AssertionSource | undefined;
  /** The format of the body of a grant. OAuth has only `'form'`; some vendors expect `'json'`. @default 'form' */
  readonly bodyFormat?: 'form' | 'json' | undefined;
}

/**
 * The JWT bearer grant: trades an assertion that another issuer has signed for an access token. Client authentication is
 * optional. An assertion that the authorization server has rejected (`invalid_grant`) is not sent again.
 * @throws {ConfigurationError} if an option is unknown or malformed
 * @see [RFC 7523 §2.1](https://www.rfc-editor.org/rfc/rfc7523#section-2.1)
 * @example
 * ```ts
 * import { createTokenService, fromFile, jwtBearer } from 'm2m-tokens';
 *
 * const tokens = createTokenService({
 *   issuer: 'https://auth.example.com',
 *   grant: jwtBearer({ assertion: fromFile('/var/run/secrets/tokens/token') }),
 *   scope: 'orders:read',
 * });
 * ```
 */
export function jwtBearer(options: JwtBearerOptions = {}): GrantType {
  checkOptions('jwtBearer', options, { assertion: anyAssertionSource, bodyFormat: oneOf('form', 'json') });
  const { assertion: source, bodyFormat } = options;
  const read = source && assertionReader(source, 'the assertion of jwtBearer');

  return asGrantType({
    name: 'urn:ietf:params:oauth:grant-type:jwt-bearer',
    title: 'JWT bearer grant',
    bodyFormat,
    subject: read && (async () => subjectOf(await read({ signal: undefined }))),
    async prepare(request, { signal, rejected }) {
      checkSubjectMembers(request, 'assertion');
      const assertion = request.assertion ?? (await read?.({ signal, replacing: rejected?.parameters['assertion'] }));
      if (assertion === undefined) {
        throw new ConfigurationError('jwtBearer needs an "assertion": as its option, or in each token request');
      }
      return {
        parameters: { assertion },
        secrets: [assertion],
        fingerprint: hash('sha256', assertion, 'base64url'),
        hint: 'the assertion is rejected: compare its issuer, subject, audience and expiry with what the authorization server trusts',
      };
    },
  });
}
