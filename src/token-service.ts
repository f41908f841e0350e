import type { Clock } from './clock.js';
import { ConfigurationError } from './errors.js';
import { eventSink, type EventSink } from './events.js';
import { type ClientAuthentication, clientSecretByMetadata } from './grant/client-authentication.js';
import { clientCredentials } from './grant/client-credentials.js';
import type { Secret } from './grant/secret.js';
import { withCache } from './layers/cache.js';
import { withCoolDown } from './layers/cool-down.js';
import { withDefaultRequest } from './layers/default-request.js';
import { withGate } from './layers/gate.js';
import type { RefreshOptions } from './layers/refresh-time.js';
import { type RetryOptions, withRetry } from './layers/retry.js';
import { withSingleFlight } from './layers/single-flight.js';
import {
  anyFunction,
  anyObject,
  checkOptions,
  durationMs,
  nonEmptyString,
  numberIn,
  objectWith,
  positiveInteger,
  stringOrFunction,
  stringOrStrings,
  wholeNumber,
} from './options.js';
import { isSecure, parseUrl } from './secure-url.js';
import { type EventLogger, logEvents } from './telemetry/logging.js';
import type { TokenRequest } from './token-request.js';
import { compose, type GetTokenOptions, type TokenSource } from './token-source.js';

/** Options of {@link createTokenService}; beside them the default token request: `scope`, `resource`, `audience`, `parameters`. */
export interface TokenServiceOptions extends TokenRequest {
  /** The URL that identifies the authorization server; its metadata is discovered. Either this or `tokenEndpoint`. */
  readonly issuer?: string | undefined;
  /** The URL that grants are posted to, when there is nothing to discover. */
  readonly tokenEndpoint?: string | undefined;
  /** The user's service, as the authorization server knows it. */
  readonly clientId: string;
  /**
   * A string, a function that is called for each grant, or `secretFile(path)`. It is sent by `client_secret_basic`, or by
   * `client_secret_post` where the metadata of the authorization server say that only this is supported.
   */
  readonly clientSecret?: Secret | undefined;
  /** Another client authentication than `clientSecret`. */
  readonly clientAuthentication?: ClientAuthentication | undefined;
  readonly cache?: {
    /**
     * Number of tokens that are kept in memory.
     * @default 1000
     */
    readonly maxTokens?: number | undefined;
  };
  /** When tokens are renewed. */
  readonly refresh?: RefreshOptions | undefined;
  /** How a failed grant is tried again. */
  readonly retry?: RetryOptions | undefined;
  /**
   * Deadline of each request to the authorization server, in milliseconds.
   * @default 5000
   */
  readonly timeoutMs?: number | undefined;
  /**
   * Lifetime of a token whose response does not say one, in seconds.
   * @default 300
   */
  readonly defaultLifetimeSeconds?: number | undefined;
  /** A pino logger that gets a line for each event. */
  readonly logger?: EventLogger | undefined;
  /** Called with each event. */
  readonly onEvent?: EventSink | undefined;
  /** How the authorization server is reached: through a proxy or with a private CA, say. @default globalThis.fetch */
  readonly fetch?: typeof globalThis.fetch | undefined;
  /** For tests. */
  readonly clock?: Clock | undefined;
  /** Uniform in [0, 1), for tests. @default Math.random */
  readonly random?: (() => number) | undefined;
}

/** A token source that asks an authorization server. */
export interface TokenService extends TokenSource {
  /**
   * Fetches the default token now, so that a service that cannot get one fails at start-up and not at its first request.
   * @throws {TokenError} when there is none
   */
  ready(options?: Pick<GetTokenOptions, 'signal'>): Promise<void>;
}

/**
 * Trades client id and secret for access tokens (RFC 6749 §4.4), keeps each until it expires and renews it early.
 * @throws {ConfigurationError} when an option is missing, unknown, malformed or contradicts another
 */
export function createTokenService(options: TokenServiceOptions): TokenService {
  check(options);
  const { issuer, tokenEndpoint, clientId, timeoutMs, defaultLifetimeSeconds, fetch, clock, random, refresh } = options;
  const { scope, resource, audience, parameters } = options;
  const onEvent = eventSink(options.logger && logEvents(options.logger), options.onEvent);
  const clientAuthentication = options.clientAuthentication ?? clientSecretByMetadata(options.clientSecret as Secret);

  const source = compose(
    clientCredentials({
      issuer,
      tokenEndpoint,
      clientId,
      clientAuthentication,
      timeoutMs,
      defaultLifetimeSeconds,
      fetch,
      clock,
      onEvent,
    }),
    withGate({ clock }),
    withRetry({ ...options.retry, clock, random }),
    withCoolDown({ credentials: () => clientAuthentication.fingerprint(), clock, random }),
    withSingleFlight(),
    withCache({ ...options.cache, refresh, clock, random, onEvent }),
    withDefaultRequest({ scope, resource, audience, parameters }),
  );

  return {
    getToken: (request, requestOptions) => source.getToken(request, requestOptions),
    async ready({ signal } = {}) {
      await source.getToken(undefined, { signal });
    },
  };
}

function check(options: TokenServiceOptions): void {
  const owner = 'createTokenService';
  checkOptions(owner, options, {
    issuer: nonEmptyString,
    tokenEndpoint: nonEmptyString,
    clientId: nonEmptyString,
    clientSecret: stringOrFunction,
    clientAuthentication: objectWith('prepare', 'fingerprint'),
    scope: stringOrStrings,
    resource: stringOrStrings,
    audience: stringOrStrings,
    parameters: anyObject,
    cache: anyObject,
    refresh: anyObject,
    retry: anyObject,
    timeoutMs: durationMs,
    defaultLifetimeSeconds: positiveInteger,
    logger: objectWith('debug', 'info', 'warn', 'error'),
    onEvent: anyFunction,
    fetch: anyFunction,
    clock: objectWith('now', 'monotonic', 'sleep'),
    random: anyFunction,
  });
  checkOptions(`${owner}'s "cache"`, options.cache ?? {}, { maxTokens: positiveInteger });
  checkOptions(`${owner}'s "refresh"`, options.refresh ?? {}, { share: numberIn(0, 0.5), capMs: durationMs });
  checkOptions(`${owner}'s "retry"`, options.retry ?? {}, { retries: wholeNumber, deadlineMs: durationMs });

  exactlyOne(options, 'issuer', 'tokenEndpoint');
  exactlyOne(options, 'clientSecret', 'clientAuthentication');
  exactlyOne(options, 'clientId');
  checkEndpoint(options, 'issuer');
  checkEndpoint(options, 'tokenEndpoint');
}

function exactlyOne(options: TokenServiceOptions, ...names: readonly (keyof TokenServiceOptions)[]): void {
  const given = names.filter((name) => options[name] !== undefined);
  const either = names.map((name) => `"${name}"`).join(' or ');
  if (given.length > 1) throw new ConfigurationError(`createTokenService takes either ${either}, not both`);
  if (given.length === 0) throw new ConfigurationError(`createTokenService needs ${either}${emptied(options, names)}`);
}

// What comes of a variable that is not set looks right in the source.
function emptied(options: object, names: readonly string[]): string {
  const there = names.filter((name) => Object.hasOwn(options, name));
  return there.length === 0 ? '' : `, and ${there.map((name) => `"${name}"`).join(' and ')} is undefined`;
}

// RFC 6749 §3.2: no fragment; §10.8: https.
function checkEndpoint(options: TokenServiceOptions, name: 'issuer' | 'tokenEndpoint'): void {
  const value = options[name];
  if (value === undefined) return;
  const url = parseUrl(value);
  if (url !== undefined && (url.username !== '' || url.password !== '')) {
    throw new ConfigurationError(`"${name}" must not hold credentials; use "clientId" and "clientSecret"`);
  }
  if (url === undefined || value.includes('#')) {
    throw new ConfigurationError(`"${name}" must be an absolute URL without a fragment, not ${JSON.stringify(value)}`);
  }
  if (!isSecure(url)) {
    throw new ConfigurationError(
      `"${name}" must be an https URL, or http to this machine: ${url.origin} would see the secret in clear`,
    );
  }
}
