import { createHmac, timingSafeEqual } from 'node:crypto';
import type { IncomingHttpHeaders } from 'node:http';

import { parseObject } from '../core/json.js';
import { claimsOf } from '../core/jwt-claims.js';

/** The endpoints of the fake authorization server; `other` for any other path. */
export type FakeEndpoint = 'metadata' | 'token' | 'revocation' | 'introspection' | 'jwks' | 'other';

/** A request as the fake authorization server received it, without the secret of the client. */
export interface ReceivedRequest {
  readonly endpoint: FakeEndpoint;
  readonly method: string;
  /** Path and query. */
  readonly path: string;
  /** The headers; the value of `authorization` is redacted. */
  readonly headers: IncomingHttpHeaders;
  /** The form parameters, such as `grant_type` and `scope`; `client_secret` and `client_assertion` are redacted. */
  readonly parameters: Readonly<Record<string, string | readonly string[]>>;
  /** The client identifier, wherever it is in the request; `undefined` if there is none. */
  readonly clientId: string | undefined;
  /** How the client authenticates. An assertion that another party issued counts as `private_key_jwt`. */
  readonly clientAuthentication:
    'client_secret_basic' | 'client_secret_post' | 'client_secret_jwt' | 'private_key_jwt' | 'none';
  /** The client assertion, decoded; `undefined` if there is none. */
  readonly assertion: { readonly header: object; readonly claims: Readonly<Record<string, unknown>> } | undefined;
}

/** A request, and whether the client has authenticated. */
export interface AuthenticatedRequest extends ReceivedRequest {
  readonly isAuthenticated: boolean;
}

/** A request before it is read. */
export interface RawRequest extends Pick<ReceivedRequest, 'endpoint' | 'method' | 'path' | 'headers'> {
  readonly body: string;
}

/** Reads a request. `clients` are the known clients: the secret by client identifier. `now` is the time in milliseconds. */
export function readRequest(
  { body, ...request }: RawRequest,
  clients: Readonly<Record<string, string>>,
  now: number,
): AuthenticatedRequest {
  const form = formOf(request.headers['content-type'], request.method === 'POST' ? body : '');
  const { isAuthenticated, ...client } = authenticate(request.headers.authorization, form, clients, now);
  const { authorization } = request.headers;
  return {
    ...request,
    headers: { ...request.headers, ...(authorization !== undefined && { authorization: redacted }) },
    parameters: parametersOf(form),
    ...client,
    isAuthenticated,
  };
}

const redacted = '[redacted]';

/** The parameters of a body, form-encoded or of type JSON (option `bodyFormat` of the grants). */
function formOf(contentType: string | undefined, body: string): URLSearchParams {
  if (contentType?.startsWith('application/json') !== true) return new URLSearchParams(body);
  const form = new URLSearchParams();
  for (const [name, value] of Object.entries(parseObject(body) ?? {})) {
    form.set(name, typeof value === 'string' ? value : JSON.stringify(value));
  }
  return form;
}

function parametersOf(form: URLSearchParams): Record<string, string | readonly string[]> {
  const names = [...new Set(form.keys())];
  return Object.fromEntries(
    names.map((name) => {
      const [first = '', ...others] = form.getAll(name);
      if (name === 'client_secret' || name === 'client_assertion') return [name, redacted];
      return [name, others.length === 0 ? first : [first, ...others]];
    }),
  );
}

type Client = Pick<AuthenticatedRequest, 'clientId' | 'clientAuthentication' | 'assertion' | 'isAuthenticated'>;

function authenticate(
  authorization: string | undefined,
  form: URLSearchParams,
  clients: Readonly<Record<string, string>>,
  now: number,
): Client {
  const secretOf = (clientId: string | undefined): string | undefined =>
    clientId !== undefined && Object.hasOwn(clients, clientId) ? clients[clientId] : undefined;

  const [, basic] = /^Basic (.+)$/i.exec(authorization ?? '') ?? [];
  if (basic !== undefined) {
    const [, id = '', secret = ''] = /^([^:]*):(.*)$/s.exec(Buffer.from(basic, 'base64').toString()) ?? [];
    const clientId = formDecoded(id);
    const isAuthenticated = secretOf(clientId) === formDecoded(secret);
    return { clientId, clientAuthentication: 'client_secret_basic', assertion: undefined, isAuthenticated };
  }

  const jwt = form.get('client_assertion');
  if (jwt !== null) {
    const claims = claimsOf(jwt) ?? {};
    const header = decodedHeader(jwt);
    const subject = typeof claims['sub'] === 'string' ? claims['sub'] : undefined;
    const clientId = form.get('client_id') ?? subject;
    const secret = secretOf(clientId);
    const isSymmetric = /^HS(256|384|512)$/.test(String(header?.alg));
    const isExpired = typeof claims['exp'] === 'number' && claims['exp'] * 1000 <= now;
    const isSigned = !isSymmetric || hasSignatureOf(secret ?? '', jwt, String(header?.alg));
    return {
      clientId,
      clientAuthentication: isSymmetric ? 'client_secret_jwt' : 'private_key_jwt',
      assertion: header && { header, claims },
      isAuthenticated: secret !== undefined && header !== undefined && isSigned && !isExpired,
    };
  }

  const clientId = form.get('client_id') ?? undefined;
  const secret = form.get('client_secret');
  const clientAuthentication = secret === null ? 'none' : 'client_secret_post';
  const isAuthenticated = secret !== null && secretOf(clientId) === secret;
  return { clientId, clientAuthentication, assertion: undefined, isAuthenticated };
}

// RFC 6749 §2.3.1: both are form-encoded before they are joined.
const formDecoded = (text: string): string =>
  new URLSearchParams(`value=${text.replaceAll('&', '%26')}`).get('value') ?? '';

function decodedHeader(jwt: string): { readonly alg?: unknown } | undefined {
  return parseObject(Buffer.from(jwt.split('.')[0] ?? '', 'base64url').toString());
}

function hasSignatureOf(secret: string, jwt: string, algorithm: string): boolean {
  const [header, payload, signature = ''] = jwt.split('.');
  const expected = createHmac(`sha${algorithm.slice(2)}`, secret)
    .update(`${header}.${payload}`)
    .digest();
  const given = Buffer.from(signature, 'base64url');
  return given.length === expected.length && timingSafeEqual(given, expected);
}
