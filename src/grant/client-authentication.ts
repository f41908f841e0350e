import type { ClientAuth, ServerMetadata } from 'openid-client';

import { ConfigurationError } from '../errors.js';
import { checkOptions, oneOf, stringOrFunction } from '../options.js';
import { fingerprintOf, resolveSecret, type Secret } from './secret.js';

/** How the client proves who it is, once for each grant (RFC 6749 §2.3). */
export interface ClientAuthentication {
  /** Prepares one token request. */
  prepare(clientId: string, server: ServerMetadata): Promise<PreparedAuthentication>;
  /** Its name, for the key of tokens that replicas share; tokens of different names are kept apart. */
  readonly name?: string | undefined;
  /** Something that changes when the credentials do and tells nothing of them. */
  fingerprint(): Promise<string>;
}

/** The authentication of one token request. */
export interface PreparedAuthentication {
  /** Its registered name, as in `token_endpoint_auth_methods_supported` (RFC 7591 §2). */
  readonly method: string;
  /** Adds it to the headers or the body of the request. */
  readonly authenticate: ClientAuth;
  /** What must not be repeated in any message, event or error. */
  readonly secrets: readonly string[];
  /** Why a right secret might be refused all the same. */
  readonly doubt?: string | undefined;
}

/** Options of {@link clientSecretBasic}. */
export interface ClientSecretBasicOptions {
  /**
   * How id and secret are encoded before they are joined. RFC 6749 §2.3.1 wants them form-encoded (`'form'`), most servers
   * take them as they are (`'raw'`). `'minimal'` encodes only what a decoding server would misread, so that both kinds
   * understand it, unless there is such a character.
   * @default 'minimal'
   */
  readonly encoding?: 'minimal' | 'form' | 'raw';
}

/** Sends id and secret in the `Authorization` header: `client_secret_basic` (RFC 6749 §2.3.1). */
export function clientSecretBasic(secret: Secret, options: ClientSecretBasicOptions = {}): ClientAuthentication {
  checkSecret('clientSecretBasic', secret);
  checkOptions('clientSecretBasic', options, { encoding: oneOf(...Object.keys(encoders)) });
  const { encoding = 'minimal' } = options;
  const encode = encoders[encoding];

  return {
    name: 'client_secret_basic',
    fingerprint: () => fingerprintOf(secret),
    async prepare(clientId) {
      const clientSecret = await resolveSecret(secret);
      const pair = `${encode.id(clientId)}:${encode.secret(clientSecret)}`;
      const credentials = Buffer.from(pair, 'utf8').toString('base64');
      const careful = encoding === 'form' ? encoders.form : encoders.minimal;
      const isAmbiguous = careful.id(clientId) !== clientId || careful.secret(clientSecret) !== clientSecret;

      return {
        method: 'client_secret_basic',
        authenticate: (_server, _client, _body, headers) => headers.set('authorization', `Basic ${credentials}`),
        secrets: [clientSecret, credentials],
        doubt: isAmbiguous ? `${ambiguity}; it was sent with the encoding "${encoding}"` : undefined,
      };
    },
  };
}

/** Sends id and secret in the body of the token request: `client_secret_post` (RFC 6749 §2.3.1). */
export function clientSecretPost(secret: Secret): ClientAuthentication {
  checkSecret('clientSecretPost', secret);

  return {
    name: 'client_secret_post',
    fingerprint: () => fingerprintOf(secret),
    async prepare() {
      const clientSecret = await resolveSecret(secret);
      return {
        method: 'client_secret_post',
        authenticate: (_server, client, body) => {
          body.set('client_id', client.client_id);
          body.set('client_secret', clientSecret);
        },
        secrets: [clientSecret],
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
    name: 'client_secret',
    fingerprint: () => fingerprintOf(secret),
    async prepare(clientId, server) {
      const supported = server.token_endpoint_auth_methods_supported ?? ['client_secret_basic'];
      if (supported.includes('client_secret_basic')) return basic.prepare(clientId, server);
      if (supported.includes('client_secret_post')) return post.prepare(clientId, server);
      throw new ConfigurationError(
        `${server.issuer} takes no client secret; it supports ${supported.join(', ')}: set "clientAuthentication"`,
      );
    },
  };
}

function checkSecret(owner: string, secret: unknown): void {
  const expected = stringOrFunction(secret);
  if (expected !== undefined) throw new ConfigurationError(`the secret of ${owner} must be ${expected}`);
}

const ambiguity =
  'the client id or the secret holds a character that servers read in different ways (% + space : control or non-ASCII): ' +
  'try clientSecretBasic(secret, { encoding }) with "form" or "raw", or clientSecretPost(secret)';

// %20 and not + for a space: servers that decode percent-encoding only read it too.
function percentEncode(value: string, misread: RegExp): string {
  return value.toWellFormed().replace(misread, encodeURIComponent);
}

const form = (value: string): string => new URLSearchParams({ value }).toString().slice('value='.length);
const raw = (value: string): string => value;

interface Encoder {
  id(clientId: string): string;
  secret(clientSecret: string): string;
}

const encoders: Readonly<Record<NonNullable<ClientSecretBasicOptions['encoding']>, Encoder>> = {
  minimal: {
    id: (clientId) => percentEncode(clientId, /[^\x21-\x7e]|[%+:]/gu),
    secret: (clientSecret) => percentEncode(clientSecret, /[^\x21-\x7e]|[%+]/gu),
  },
  form: { id: form, secret: form },
  raw: { id: raw, secret: raw },
};
