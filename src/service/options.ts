import { authenticatorOf, type ClientAuthentication } from '../authentication/client-authentication.js';
import type { Secret } from '../authentication/secret.js';
import {
  anyBoolean,
  anyClock,
  anyFunction,
  anyList,
  anyObject,
  checkOptions,
  durationMs,
  listOfStrings,
  nonEmptyString,
  objectWith,
  oneOf,
  positiveInteger,
  stringOrFunction,
  stringOrStrings,
  wholeNumber,
} from '../core/check-options.js';
import { ConfigurationError } from '../core/errors.js';
import { httpOrigins, listOfUrls, nonEmptyUrl } from '../core/insecure-url.js';
import type { TokenRequest } from '../core/token-request.js';
import { checkIssuers, type ClientCredentialsOptions, serverOptions } from '../grant/grant-options.js';
import { dpopKeyOf } from '../grant/dpop.js';
import type { GrantType } from '../grant/grant-type.js';
import { checkKeepMembers } from '../grant/kept-members.js';
import { refreshChecks, type RefreshOptions } from '../layers/renewal-schedule.js';
import { anyTokenStore, type TokenStore } from '../stores/token-store.js';
import type { EventLogger } from '../telemetry/logging.js';
import { checkFapi2Profile } from './fapi2.js';
import { exactlyOne } from './exactly-one.js';
import { checkBlanks, checkServerUrls, serverUrls } from './server-urls.js';

/** How a failed grant is retried. */
export interface RetryOptions {
  /** Number of attempts after the first one. @default 2 */
  readonly retries?: number | undefined;
  /** Deadline for all attempts and the backoff between them, in milliseconds. @default 15000 */
  readonly deadlineMs?: number | undefined;
  /** Longest backoff between calls after consecutive failures, in milliseconds. @default 9500 */
  readonly maxBackoffMs?: number | undefined;
}

/** Options of {@link createTokenService}. The members of the token request are the default token request. */
export interface TokenServiceOptions
  extends
    Omit<TokenRequest, 'subjectToken' | 'assertion'>,
    Omit<ClientCredentialsOptions, 'clientId' | 'clientAuthentication'> {
  /** The client identifier (RFC 6749 §2.2). Optional for a client that does not authenticate. */
  readonly clientId?: string | undefined;
  /**
   * How tokens are obtained: `jwtBearer({ assertion })` or `tokenExchange({ subjectTokenType })`. With these two, the
   * client need not authenticate.
   * @default the client credentials grant
   */
  readonly grant?: GrantType | undefined;
  /**
   * The client secret: a string, a function that is called for each grant, or `fromFile(path)`. The method is
   * `client_secret_post` if the metadata of the authorization server contain only that one, else `client_secret_basic`.
   */
  readonly clientSecret?: Secret | undefined;
  /**
   * Client authentication in place of `clientSecret`: `privateKeyJwt({ key })`, `mutualTls({ certificate, key })` and
   * others.
   */
  readonly clientAuthentication?: ClientAuthentication | undefined;
  /** The name of the token service in events, metrics and traces. @default the client identifier, or the host of the server */
  readonly name?: string | undefined;
  /** The cache in memory. */
  readonly cache?:
    | {
        /** Number of tokens in the cache; the least recently used one is dropped first. @default 1000 */
        readonly maxTokens?: number | undefined;
      }
    | undefined;
  /** When tokens are renewed before they expire. */
  readonly refresh?: RefreshOptions | undefined;
  /** Maximum number of concurrent grants; further grants wait in order. @default 50 */
  readonly maxConcurrentGrants?: number | undefined;
  /** How a failed grant is retried. */
  readonly retry?: RetryOptions | undefined;
  /** The store in which replicas share tokens: `redisStore(client)`, `encryptedStore(store, { keys })`. */
  readonly store?: TokenStore | undefined;
  /**
   * A pino logger, a winston logger or another logger with these methods, for the events of the token service and its
   * adapters. {@link logEvents} describes the levels and the lines.
   */
  readonly logger?: EventLogger | undefined;
  /** Returns random numbers, uniform in [0, 1); for tests. @default Math.random */
  readonly random?: (() => number) | undefined;
}

/**
 * Checks the options as far as possible without the authorization server.
 * @throws {ConfigurationError} if an option is missing, unknown, malformed or contradicts another
 */
export function checkTokenServiceOptions(options: TokenServiceOptions): void {
  const owner = 'createTokenService';
  checkOptions(owner, options, {
    issuer: nonEmptyUrl,
    tokenEndpoint: nonEmptyUrl,
    revocationEndpoint: nonEmptyUrl,
    protectedResource: nonEmptyUrl,
    issuers: listOfUrls,
    name: nonEmptyString,
    clientId: nonEmptyString,
    clientSecret: stringOrFunction,
    clientAuthentication: objectWith('prepare', 'fingerprint'),
    grant: objectWith('prepare'),
    profile: oneOf('fapi2'),
    dpop: objectWith('binding', 'thumbprint'),
    scope: stringOrStrings,
    resource: stringOrStrings,
    audience: stringOrStrings,
    parameters: anyObject,
    authorizationDetails: anyList,
    cache: anyObject,
    refresh: anyObject,
    retry: anyObject,
    store: anyTokenStore,
    maxConcurrentGrants: positiveInteger,
    timeoutMs: durationMs,
    defaultLifetimeSeconds: positiveInteger,
    assumeBearer: anyBoolean,
    keepMembers: listOfStrings,
    logger: objectWith('debug', 'info', 'warn', 'error'),
    onEvent: anyFunction,
    fetch: anyFunction,
    clock: anyClock,
    random: anyFunction,
  });
  checkOptions(`${owner}'s "cache"`, options.cache ?? {}, { maxTokens: positiveInteger });
  checkOptions(`${owner}'s "refresh"`, options.refresh ?? {}, refreshChecks);
  checkOptions(`${owner}'s "retry"`, options.retry ?? {}, {
    retries: wholeNumber,
    deadlineMs: durationMs,
    maxBackoffMs: durationMs,
  });

  exactlyOne(options, ...serverOptions);
  checkIssuers(options);
  checkClient(options);
  checkKeepMembers(options.keepMembers ?? []);
  checkBlanks(options);
  checkServerUrls(options);
  const authenticator = options.clientAuthentication && authenticatorOf(options.clientAuthentication);
  const isCertificateBound = authenticator?.certificateThumbprint !== undefined;
  const allowsHttp = httpOrigins(serverUrls(options).map(([, url]) => url)).length > 0;
  if (isCertificateBound && allowsHttp) {
    throw new ConfigurationError(
      'dangerouslyAllowHttp cannot be combined with a client certificate, which requires https',
    );
  }
  if (options.profile === 'fapi2') {
    checkFapi2Profile({
      tokenEndpoint: options.tokenEndpoint,
      method: authenticator?.method,
      allowsHttp,
      isSenderConstrained: isCertificateBound || (options.dpop && dpopKeyOf(options.dpop).requireBinding) === true,
    });
  }
}

// The grants that are based on an assertion or a token need no client authentication (RFC 7521 §4.1).
function checkClient(options: TokenServiceOptions): void {
  const { grant, clientSecret, clientAuthentication } = options;
  if (grant !== undefined && clientSecret === undefined && clientAuthentication === undefined) return;
  exactlyOne(options, 'clientSecret', 'clientAuthentication');
  exactlyOne(options, 'clientId');
}
