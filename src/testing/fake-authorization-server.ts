import { setMaxListeners } from 'node:events';
import { createServer, type IncomingMessage, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { text } from 'node:stream/consumers';

import { anyObject, checkOptions, objectOfStrings, oneOf, positiveInteger } from '../core/check-options.js';
import { endpointOf, endpointsOf, invalidClient, metadataOf } from './endpoints.js';
import { issuedTokens } from './issued-tokens.js';
import { type AuthenticatedRequest, readRequest, type ReceivedRequest } from './received-request.js';
import { type FakeAnswer, type PlainResponse, respond, scriptedAnswers } from './scripted-answers.js';
import { type TestClock, testClock } from './test-clock.js';

/** Options of {@link fakeAuthorizationServer}. */
export interface FakeAuthorizationServerOptions {
  /** The known clients: the secret by client identifier. @default { 'fake-client': 'fake-secret' } */
  readonly clients?: Readonly<Record<string, string>> | undefined;
  /** `jwt`: signed tokens (RFC 9068), which an API verifies with the JWKS. `opaque`: `token-1`, `token-2` … @default 'opaque' */
  readonly tokenFormat?: 'opaque' | 'jwt' | undefined;
  /** The `expires_in` of the tokens. @default 3600 */
  readonly lifetimeSeconds?: number | undefined;
  /** Members that are added to the metadata, or replace others (RFC 8414 §2). */
  readonly metadata?: Readonly<Record<string, unknown>> | undefined;
}

/** An authorization server on loopback, and the commands of the test to it. */
export interface FakeAuthorizationServer extends AsyncDisposable {
  /** The issuer: `http://127.0.0.1:<port>`. */
  readonly issuer: string;
  readonly tokenEndpoint: string;
  readonly revocationEndpoint: string;
  readonly introspectionEndpoint: string;
  readonly jwksUri: string;
  /** Options for `createTokenService`: the issuer, the first client and the clock, so that both expire tokens together. */
  readonly options: {
    readonly issuer: string;
    readonly clientId: string;
    readonly clientSecret: string;
    readonly clock: TestClock;
  };
  /** The clock by which tokens expire and answers are late. */
  readonly clock: TestClock;
  /** All requests so far. The secrets of clients are redacted. */
  readonly requests: readonly ReceivedRequest[];
  /** The requests to the token endpoint. */
  readonly grants: readonly ReceivedRequest[];
  /**
   * Scripts the next answers, for each endpoint in their order. Without a script the server answers as usual.
   * @throws {ConfigurationError} if an answer is malformed
   */
  answer(...answers: readonly FakeAnswer[]): void;
  /** Drops the scripted answers. */
  recover(): void;
  /** Revokes all tokens so far, as an administrator would. */
  revokeGranted(): void;
  /** Whether an `Authorization` header holds an active token, for the API of the test. */
  accepts(authorization: unknown): boolean;
  /** Closes the server and all connections at once. A second call waits for the first. */
  close(): Promise<void>;
}

/**
 * Starts an authorization server for tests: real HTTP on a free port of 127.0.0.1, with metadata (RFC 8414, OpenID
 * Connect Discovery), token, revocation (RFC 7009), introspection (RFC 7662) and JWKS endpoints. It checks client secrets;
 * of client assertions it checks the client, the expiry and an HMAC. It does not check DPoP proofs.
 * @throws {ConfigurationError} if an option is unknown or malformed
 * @example
 * ```ts
 * import assert from 'node:assert/strict';
 * import { createTokenService } from 'm2m-tokens';
 * import { fakeAuthorizationServer } from 'm2m-tokens/testing';
 *
 * const server = await fakeAuthorizationServer();
 * const tokens = createTokenService({ ...server.options, scope: 'orders:read' });
 * server.answer({ status: 503 });
 * assert.equal((await tokens.getToken()).value, 'token-1');
 * assert.equal(server.grants[1]?.parameters['scope'], 'orders:read');
 * await server.close();
 * ```
 */
export async function fakeAuthorizationServer(
  options: FakeAuthorizationServerOptions = {},
): Promise<FakeAuthorizationServer> {
  checkOptions('fakeAuthorizationServer', options, {
    clients: objectOfStrings,
    tokenFormat: oneOf('opaque', 'jwt'),
    lifetimeSeconds: positiveInteger,
    metadata: anyObject,
  });
  const { clients = { 'fake-client': 'fake-secret' }, tokenFormat = 'opaque', lifetimeSeconds = 3_600 } = options;
  const clock = testClock();
  const issued = issuedTokens({ clock, lifetimeSeconds, format: tokenFormat });
  const script = scriptedAnswers();
  const requests: ReceivedRequest[] = [];
  const grants: ReceivedRequest[] = [];
  const closing = new AbortController();
  // Each late answer listens to the signal.
  setMaxListeners(0, closing.signal);

  async function handle(incoming: IncomingMessage, response: ServerResponse): Promise<void> {
    const { method = '', url = '', headers } = incoming;
    const raw = { endpoint: endpointOf(url), method, path: url, headers, body: await text(incoming) };
    const { isAuthenticated, ...request } = readRequest(raw, clients, clock.now());
    requests.push(request);
    if (request.endpoint === 'token') grants.push(request);
    const usual = () => usualResponse({ ...request, isAuthenticated });
    await respond(response, script.next(request.endpoint), { usual, clock, signal: closing.signal });
  }

  async function usualResponse(request: AuthenticatedRequest): Promise<PlainResponse> {
    const { endpoint, method, parameters, isAuthenticated, clientAuthentication } = request;
    if (endpoint === 'metadata') return { body: { ...metadataOf(issuer), ...options.metadata } };
    if (endpoint === 'jwks') return { body: issued.jwks };
    if (endpoint === 'other') return { status: 404 };
    if (method !== 'POST') return { status: 405, headers: { allow: 'POST' } };
    const { grant_type: grantType, token } = parameters;
    const isPublic = endpoint !== 'introspection' && grantType !== 'client_credentials';
    if (!isAuthenticated && !(isPublic && clientAuthentication === 'none')) return invalidClient;
    if (endpoint === 'token') {
      if (grantType === undefined) return { status: 400, body: { error: 'invalid_request' } };
      return { body: await issued.grant(request, issuer) };
    }
    if (typeof token !== 'string') return { status: 400, body: { error: 'invalid_request' } };
    if (endpoint === 'introspection') return { body: issued.introspect(token) };
    issued.revoke(token);
    return {};
  }

  // A connection that ends during its request leaves nothing to do.
  const server = createServer((incoming, response) => void handle(incoming, response).catch(() => response.destroy()));
  await new Promise<void>((resolve, reject) => {
    server.once('error', reject);
    server.listen(0, '127.0.0.1', resolve);
  });
  // A test that does not close the server can end.
  server.unref().on('connection', (socket) => socket.unref());
  const issuer = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
  const [[clientId, clientSecret] = ['fake-client', 'fake-secret']] = Object.entries(clients);
  let closed: Promise<void> | undefined;

  function close(): Promise<void> {
    closed ??= new Promise((resolve) => {
      server.close(() => resolve());
      closing.abort();
      server.closeAllConnections();
    });
    return closed;
  }

  return {
    issuer,
    ...endpointsOf(issuer),
    options: { issuer, clientId, clientSecret, clock },
    clock,
    requests,
    grants,
    answer: (...answers) => script.add(answers),
    recover: () => script.clear(),
    revokeGranted: () => issued.revokeAll(),
    accepts: (authorization) => issued.isActive(/^(?:Bearer|DPoP) (.+)$/.exec(String(authorization))?.[1] ?? ''),
    close,
    [Symbol.asyncDispose]: close,
  };
}
