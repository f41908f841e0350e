import { hash } from 'node:crypto';

import { type AuthorizationDetail, canonicalDetails } from './authorization-details.js';
import { anyList, anyObject, checkOptions, nonEmptyString, stringOrStrings } from './check-options.js';
import { ConfigurationError } from './errors.js';
import { checkParameter, checkResource, checkScope, checkSubject, repeatedParameter } from './token-request-members.js';

/**
 * The scope, resource, audience and further parameters of a grant. Equal token requests share a token. `undefined`,
 * `''` and an empty list count as absent.
 */
export interface TokenRequest {
  /** Scope tokens, space-separated or as a list; their order does not matter (RFC 6749 §3.3). */
  readonly scope?: string | readonly string[] | undefined;
  /**
   * Absolute URIs of the APIs that will accept the token, without a fragment, preferably without a query (RFC 8707 §2).
   */
  readonly resource?: string | readonly string[] | undefined;
  /** The audience, for authorization servers that require one; the order does not matter. */
  readonly audience?: string | readonly string[] | undefined;
  /** Further parameters of the token request, as the authorization server defines them. */
  readonly parameters?: Readonly<Record<string, string>> | undefined;
  /** Permissions in detail, in addition to the scope (RFC 9396). */
  readonly authorizationDetails?: readonly AuthorizationDetail[] | undefined;
  /**
   * The subject token of this request, in place of the one that `tokenExchange` is configured with: the token of a user,
   * for example (RFC 8693 §2.1). The key holds a digest of it.
   */
  readonly subjectToken?: string | undefined;
  /** The assertion of this request, in place of the one that `jwtBearer` is configured with (RFC 7523 §2.1). */
  readonly assertion?: string | undefined;
}

const brand = Symbol.for('m2m-tokens.token-request');

/**
 * A token request that is checked and sorted, so that equal token requests have equal keys. Immutable; made by
 * {@link canonicalRequest}.
 */
export class CanonicalTokenRequest implements TokenRequest {
  /** Also true for a request of the copy in the other module format: an adapter of that copy may make it. */
  static [Symbol.hasInstance](value: unknown): boolean {
    return typeof value === 'object' && value !== null && brand in value;
  }

  readonly scope: string | undefined;
  readonly resource: readonly string[];
  readonly audience: readonly string[];
  readonly parameters: Readonly<Record<string, string>>;
  readonly authorizationDetails: readonly AuthorizationDetail[];
  // Secrets: private, so that they are not printed.
  readonly #subjectToken: string | undefined;
  readonly #assertion: string | undefined;
  readonly #key: string;

  constructor(request: TokenRequest) {
    checkTokenRequest(request);
    checkOptions('a token request', request, memberChecks);
    if (request.parameters !== undefined) checkPlainObject('"parameters" of a token request', request.parameters);
    const { scope, resource, audience, parameters = {} } = request;
    const scopes = sortedSet(scope, (value) => value.split(' '));
    const names = Object.keys(parameters).filter((name) => parameters[name] !== '');
    scopes.forEach(checkScope);
    names.forEach((name) => checkParameter(name, parameters[name]));

    this.scope = scopes.length === 0 ? undefined : scopes.join(' ');
    this.resource = sortedSet(resource);
    this.audience = sortedSet(audience);
    this.parameters = Object.freeze(
      Object.fromEntries(names.toSorted().map((name) => [name, parameters[name] as string])),
    );
    this.resource.forEach(checkResource);
    for (const name of ['resource', 'audience'] as const) {
      if (this[name].length > 0 && name in this.parameters) throw repeatedParameter(name);
    }
    const { authorizationDetails, subjectToken, assertion } = request;
    this.authorizationDetails = authorizationDetails === undefined ? [] : canonicalDetails(authorizationDetails);
    if (subjectToken !== undefined) checkSubject('subjectToken', subjectToken);
    if (assertion !== undefined) checkSubject('assertion', assertion);
    this.#subjectToken = subjectToken;
    this.#assertion = assertion;
    const key: unknown[] = [scopes, this.resource, this.audience, Object.entries(this.parameters)];
    if (this.authorizationDetails.length > 0) key.push({ authorizationDetails: this.authorizationDetails });
    if (this.hasSubject) key.push({ subjectToken: digest(this.subjectToken), assertion: digest(this.assertion) });
    this.#key = JSON.stringify(key);
    if (this.#key.length > maxKeyLength) {
      throw new ConfigurationError(
        `a token request must not be longer than 16 KiB, because it is the key of the cached token; it is ${this.#key.length} characters long`,
      );
    }
    Object.freeze(this);
  }

  get [brand](): true {
    return true;
  }

  get subjectToken(): string | undefined {
    return this.#subjectToken;
  }

  get assertion(): string | undefined {
    return this.#assertion;
  }

  /** Whether the request has a subject of its own, a user for example. */
  get hasSubject(): boolean {
    return this.#subjectToken !== undefined || this.#assertion !== undefined;
  }

  /** The key: equal for equal token requests, different for all others. Holds no secret. */
  get key(): string {
    return this.#key;
  }
}

/**
 * Checks and sorts a token request. Returns a canonical request as it is.
 * @throws {ConfigurationError} if a member is malformed, or a parameter is one that this library sets
 */
export function canonicalRequest(request: TokenRequest = {}): CanonicalTokenRequest {
  return request instanceof CanonicalTokenRequest ? request : new CanonicalTokenRequest(request);
}

/**
 * Checks that a token request is a plain object. Otherwise a promise, a Map or a class instance would count as a token
 * request without members.
 * @throws {ConfigurationError} whose message does not repeat the value
 */
export function checkTokenRequest(request: unknown, owner = 'a token request'): void {
  if (!(request instanceof CanonicalTokenRequest)) checkPlainObject(owner, request);
}

/**
 * The key of a token request: equal for equal token requests, different for all others.
 * @throws {ConfigurationError} as {@link canonicalRequest}
 */
export function requestKey(request?: TokenRequest): string {
  return canonicalRequest(request).key;
}

const maxKeyLength = 16 * 1024;

function checkPlainObject(owner: string, value: unknown): void {
  if (isPlainObject(value)) return;
  const isPromise = typeof (value as { then?: unknown } | null | undefined)?.then === 'function';
  throw new ConfigurationError(`${owner} must be a plain object${isPromise ? '; await the promise first' : ''}`);
}

// An object of another realm has another Object.prototype.
function isPlainObject(value: unknown): boolean {
  if (typeof value !== 'object' || value === null || Array.isArray(value)) return false;
  const prototype: unknown = Object.getPrototypeOf(value);
  return prototype === null || Object.getPrototypeOf(prototype) === null;
}

const memberChecks = {
  scope: stringOrStrings,
  resource: stringOrStrings,
  audience: stringOrStrings,
  parameters: anyObject,
  authorizationDetails: anyList,
  // An empty text is an error: the request would be sent for the configured subject.
  subjectToken: nonEmptyString,
  assertion: nonEmptyString,
};

const digest = (text: string | undefined): string | undefined => text && hash('sha256', text, 'base64url');

function sortedSet(
  value: string | readonly string[] | undefined,
  split: (value: string) => string[] = (whole) => [whole],
): readonly string[] {
  const members = typeof value === 'string' ? split(value) : (value ?? []).flatMap(split);
  return Object.freeze([...new Set(members)].filter((member) => member !== '').toSorted());
}
