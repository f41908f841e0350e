import type { ClientAuthentication } from '../authentication/client-authentication.js';
import {
  anyClock,
  anyFunction,
  checkArgument,
  checkIsOptions,
  checkOptions,
  durationMs,
  listOfStrings,
  nonEmptyString,
  objectWith,
  positiveInteger,
} from '../core/check-options.js';
import type { Clock } from '../core/clock.js';
import { ConfigurationError } from '../core/errors.js';
import type { EventSink } from '../core/events.js';
import { type InsecureUrl, listOfUrls, nonEmptyUrl } from '../core/insecure-url.js';
import type { Dpop } from './dpop.js';

/** Options of {@link clientCredentials}. One of `issuer`, `tokenEndpoint` and `protectedResource` is required. */
export interface ClientCredentialsOptions {
  /** The issuer, whose metadata are discovered (RFC 8414, then OpenID Connect Discovery). */
  readonly issuer?: string | InsecureUrl | undefined;
  /** The URL of the token endpoint, instead of `issuer`. */
  readonly tokenEndpoint?: string | InsecureUrl | undefined;
  /**
   * The URL of an API, instead of `issuer`: its metadata name the authorization server (RFC 9728 §3). They come from the
   * well-known URL of its path, from the URL in the `resource_metadata` of its 401, or from the well-known URL of its
   * origin. They must name exactly this URL; those of the origin may name the origin. `issuers` is required, too.
   *
   * Token requests have the identifier in the metadata as their `resource` (RFC 8707 §2), unless they have another one.
   * For an authorization server that accepts no `resource`, set `issuer` instead.
   */
  readonly protectedResource?: string | InsecureUrl | undefined;
  /**
   * The issuers that may receive the credentials, together with `protectedResource`. The first authorization server in
   * its metadata that is also in this list is used. If none is, the call fails and no grant is sent.
   */
  readonly issuers?: readonly (string | InsecureUrl)[] | undefined;
  /** The URL of the revocation endpoint, together with `tokenEndpoint` (RFC 7009). */
  readonly revocationEndpoint?: string | InsecureUrl | undefined;
  /** The client identifier (RFC 6749 §2.2). */
  readonly clientId: string;
  /** How the client authenticates: `clientSecretBasic(secret)`, `privateKeyJwt({ key })` and others. */
  readonly clientAuthentication: ClientAuthentication;
  /**
   * `'fapi2'` enforces the rules of the FAPI 2.0 Security Profile for clients. It allows each grant of this library, with
   * `privateKeyJwt` or `mutualTls`.
   */
  readonly profile?: 'fapi2' | undefined;
  /** Deadline of each request to the authorization server, in milliseconds. @default 5000 */
  readonly timeoutMs?: number | undefined;
  /** Lifetime of a token whose response has no `expires_in`, in seconds. @default 300 */
  readonly defaultLifetimeSeconds?: number | undefined;
  /**
   * Whether a token whose `token_type` is missing or unknown counts as a Bearer token. Types that are known to be sent
   * in another way, such as `mac`, are still rejected.
   * @default false
   */
  readonly assumeBearer?: boolean | undefined;
  /**
   * Members of the token response that the token keeps in `members`, if they are strings or numbers:
   * `['instance_url']`. Their total size is limited to 4 KiB. `refresh_token` and `id_token` are never kept.
   */
  readonly keepMembers?: readonly string[] | undefined;
  /** Binds tokens to a key, so that a stolen token cannot be used without it: `dpop()` (RFC 9449). */
  readonly dpop?: Dpop | undefined;
  /** Sends the requests to the authorization server, for example through a proxy. @default globalThis.fetch */
  readonly fetch?: typeof globalThis.fetch | undefined;
  /** For tests. */
  readonly clock?: Clock | undefined;
  /** Called with each event. */
  readonly onEvent?: EventSink | undefined;
}

const optionChecks = {
  issuer: nonEmptyUrl,
  tokenEndpoint: nonEmptyUrl,
  revocationEndpoint: nonEmptyUrl,
  protectedResource: nonEmptyUrl,
  issuers: listOfUrls,
  timeoutMs: durationMs,
  defaultLifetimeSeconds: positiveInteger,
  keepMembers: listOfStrings,
  dpop: objectWith('binding', 'thumbprint'),
  fetch: anyFunction,
  clock: anyClock,
  onEvent: anyFunction,
};

/** @throws {ConfigurationError} if an option is missing or malformed */
// The token service passes all of its options. Those that are unknown here are ignored.
export function checkClientCredentials(options: ClientCredentialsOptions): void {
  const owner = 'clientCredentials';
  checkIsOptions(owner, options);
  checkArgument(owner, 'clientId', options.clientId, nonEmptyString);
  checkArgument(owner, 'clientAuthentication', options.clientAuthentication, objectWith('prepare', 'fingerprint'));
  const known = Object.entries(options).filter(([name]) => Object.hasOwn(optionChecks, name));
  checkOptions(owner, Object.fromEntries(known), optionChecks);
  if (serverOptions.every((name) => options[name] === undefined)) {
    throw new ConfigurationError(`${owner} needs "issuer", "tokenEndpoint" or "protectedResource"`);
  }
  checkIssuers(options);
}

/** The options of which one determines the authorization server. */
export const serverOptions = ['issuer', 'tokenEndpoint', 'protectedResource'] as const;

/**
 * Checks that `protectedResource` and `issuers` are given together.
 * @throws {ConfigurationError} otherwise: without the list, the API would choose the receiver of the credentials
 */
export function checkIssuers({
  protectedResource,
  issuers,
}: Pick<ClientCredentialsOptions, 'protectedResource' | 'issuers'>): void {
  if (protectedResource === undefined && issuers !== undefined) {
    throw new ConfigurationError('"issuers" requires "protectedResource"; for one authorization server, set "issuer"');
  }
  if (protectedResource !== undefined && (issuers ?? []).length === 0) {
    throw new ConfigurationError(
      '"protectedResource" requires "issuers": the authorization servers that may receive the credentials',
    );
  }
}
