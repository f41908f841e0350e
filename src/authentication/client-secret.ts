import { hash } from 'node:crypto';

import { checkOptions, oneOf } from '../core/check-options.js';
import {
  asClientAuthentication,
  authenticatorOf,
  type ClientAuthentication,
  type PreparedAuthentication,
} from './client-authentication.js';
import { checkSecret, fingerprintOf, resolveSecret, type Secret, whitespaceHint } from './secret.js';
import { supportedMethod } from './supported-method.js';

/** Options of {@link clientSecretBasic}. */
export interface ClientSecretBasicOptions {
  /**
   * How client id and secret are encoded before they are joined.
   * - `'form'`: form-encoded, as RFC 6749 §2.3.1 requires.
   * - `'raw'`: unchanged, as most servers expect.
   * - `'minimal'`: encodes only the characters that a decoding server would misread. Servers of both kinds understand it
   *   unless id or secret contain such a character.
   * @default 'minimal'
   */
  readonly encoding?: 'minimal' | 'form' | 'raw';
}

/**
 * Authenticates with the client secret in the `Authorization` header: `client_secret_basic`.
 * @throws {ConfigurationError} if the secret is empty, or an option is unknown or malformed
 * @see [RFC 6749 §2.3.1](https://www.rfc-editor.org/rfc/rfc6749#section-2.3.1)
 * @example
 * ```ts
 * import { clientSecretBasic, createTokenService, fromFile } from 'm2m-tokens';
 *
 * const tokens = createTokenService({
 *   issuer: 'https://auth.example.com',
 *   clientId: 'orders-service',
 *   clientAuthentication: clientSecretBasic(fromFile('/run/secrets/client'), { encoding: 'form' }),
 * });
 * ```
 */
export function clientSecretBasic(secret: Secret, options: ClientSecretBasicOptions = {}): ClientAuthentication {
  checkSecret('clientSecretBasic', secret);
  checkOptions('clientSecretBasic', options, { encoding: oneOf('minimal', 'form', 'raw') });
  const { encoding = 'minimal' } = options;
  const method = 'client_secret_basic';

  return asClientAuthentication({
    method,
    fingerprint: () => fingerprintOf(secret),
    async prepare(clientId, server) {
      const { value: clientSecret, expiresAt } = await resolveSecret(secret);
      const encodedSecret = encoders[encoding].secret(clientSecret);
      const pair = `${encoders[encoding].id(clientId)}:${encodedSecret}`;
      const credentials = Buffer.from(pair, 'utf8').toString('base64');

      return {
        method: supportedMethod(server, method),
        authenticate: (_server, _client, _body, headers) => headers.set('authorization', `Basic ${credentials}`),
        // A server that decodes the base64 may repeat the encoded secret.
        secrets: [clientSecret, encodedSecret, credentials],
        ...identified(clientSecret, expiresAt),
        hint: hints(whitespaceHint(clientSecret, secret), encodingHint(clientId, clientSecret, encoding)),
      };
    },
  });
}

/**
 * Authenticates with the client secret in the body of the grant: `client_secret_post`.
 * @throws {ConfigurationError} if the secret is empty, or neither a string nor a function
 * @see [RFC 6749 §2.3.1](https://www.rfc-editor.org/rfc/rfc6749#section-2.3.1)
 * @example
 * ```ts
 * import { clientSecretPost, createTokenService, fromFile } from 'm2m-tokens';
 *
 * const tokens = createTokenService({
 *   issuer: 'https://auth.example.com',
 *   clientId: 'orders-service',
 *   clientAuthentication: clientSecretPost(fromFile('/run/secrets/client')),
 * });
 * ```
 */
export function clientSecretPost(secret: Secret): ClientAuthentication {
  checkSecret('clientSecretPost', secret);
  const method = 'client_secret_post';

  return asClientAuthentication({
    method,
    fingerprint: () => fingerprintOf(secret),
    async prepare(_clientId, server) {
      const { value: clientSecret, expiresAt } = await resolveSecret(secret);
      return {
        method: supportedMethod(server, method),
        authenticate: (_server, client, body) => {
          body.set('client_id', client.client_id);
          body.set('client_secret', clientSecret);
        },
        secrets: [clientSecret],
        ...identified(clientSecret, expiresAt),
        hint: whitespaceHint(clientSecret, secret),
      };
    },
  });
}

/**
 * Uses `client_secret_post` if the metadata contain only that one of the two, otherwise `client_secret_basic`
 * (RFC 8414 §2). No grant is sent to find out which one the server accepts.
 */
export function clientSecretByMetadata(secret: Secret): ClientAuthentication {
  const basic = clientSecretBasic(secret);
  const post = clientSecretPost(secret);

  return asClientAuthentication({
    fingerprint: () => fingerprintOf(secret),
    async prepare(clientId, server) {
      const method = supportedMethod(server, 'client_secret_basic', 'client_secret_post');
      return authenticatorOf(method === 'client_secret_basic' ? basic : post).prepare(clientId, server);
    },
  });
}

function identified(
  secret: string,
  expiresAt: number | undefined,
): Pick<PreparedAuthentication, 'fingerprint' | 'credentials'> {
  const fingerprint = hash('sha256', secret, 'base64url');
  return { fingerprint, credentials: [{ facts: { credential: 'secret', expiresAt }, fingerprint }] };
}

type Encoding = NonNullable<ClientSecretBasicOptions['encoding']>;

interface Encoder {
  readonly id: (clientId: string) => string;
  readonly secret: (clientSecret: string) => string;
}

// A space becomes %20 and not +, because some servers decode only percent-encoding.
const percentEncode =
  (misread: RegExp) =>
  (value: string): string =>
    value.toWellFormed().replace(misread, encodeURIComponent);

const form = (value: string): string => new URLSearchParams({ value }).toString().slice('value='.length);
const raw = (value: string): string => value;

const encoders: Readonly<Record<Encoding, Encoder>> = {
  minimal: { id: percentEncode(/[^\x21-\x7e]|[%+:]/gu), secret: percentEncode(/[^\x21-\x7e]|[%+]/gu) },
  form: { id: form, secret: form },
  raw: { id: raw, secret: raw },
};

const hints = (...all: readonly (string | undefined)[]): string | undefined =>
  all.filter(Boolean).join('; ') || undefined;

function encodingHint(clientId: string, clientSecret: string, encoding: Encoding): string | undefined {
  const strict = encoding === 'form' ? encoders.form : encoders.minimal;
  if (strict.id(clientId) === clientId && strict.secret(clientSecret) === clientSecret) return undefined;
  return (
    'the client id or the secret holds a character that servers read in different ways (% + space : control or non-ASCII): ' +
    'try clientSecretBasic(secret, { encoding }) with "form" or "raw", or clientSecretPost(secret); ' +
    `it was sent with the encoding "${encoding}"`
  );
}
