import { GrantRejectedError, GrantUnavailableError, InvalidTokenResponseError, TokenError } from '../errors.js';
import { type Exchange, type Reply, withoutQuery } from './exchange.js';
import { isErrorCode, parseObject } from './json.js';
import { retryAfterMs } from './retry-after.js';

/** Who was asked by whom, for the messages. */
export interface GrantContext {
  /** The issuer, or the token endpoint where no issuer is configured. */
  readonly authorizationServer: string;
  readonly clientId: string;
  readonly requestedScope?: string | undefined;
  /** What must not be repeated, should the authorization server do so. */
  readonly secrets?: readonly string[];
  /** Why right credentials might be refused all the same. */
  readonly doubt?: string | undefined;
  /** Wall-clock time, in milliseconds since the epoch. */
  readonly now: number;
}

/**
 * Turns what openid-client or fetch threw during a grant into a {@link TokenError}. What counts is the answer of the
 * authorization server; nothing of its body is kept but the cleaned OAuth members (RFC 6749 §5.2).
 */
export function translateError(error: unknown, { reply }: Exchange, context: GrantContext): TokenError {
  const ours = findTokenError(error);
  if (ours !== undefined) return ours;
  if (reply === undefined) return networkError(error, context.authorizationServer);
  if (reply.status >= 300 && reply.status < 400) return redirected(reply, context);

  const refusal = readRefusal(reply, context);
  if (isTransient(reply.status, refusal.error)) return unavailable(reply, refusal, context);
  if (reply.status >= 400 || refusal.error !== undefined) return rejected(reply, refusal, context);
  return new InvalidTokenResponseError(
    `${context.authorizationServer} answered the grant with ${reply.status}, but ${flaw(error)}`,
  );
}

/** The error for a request that got no answer: {@link GrantUnavailableError}, not retryable when a certificate is not trusted. */
export function networkError(error: unknown, authorizationServer: string): GrantUnavailableError {
  const causes = causesOf(error);
  if (causes.some(({ name, code }) => name === 'TimeoutError' || code === 'OAUTH_TIMEOUT')) {
    return new GrantUnavailableError(`${authorizationServer} did not answer in time`, { cause: error });
  }
  const code = causes.findLast((cause) => cause.code !== undefined)?.code;
  const isCertificateError = code !== undefined && /CERT|SELF_SIGNED|UNABLE_TO_(GET|VERIFY)/.test(code);
  const advice = isCertificateError
    ? 'its certificate is not trusted; for a private CA set NODE_EXTRA_CA_CERTS or the option "fetch"'
    : 'check the URL, DNS, proxy and firewall';
  return new GrantUnavailableError(
    `${authorizationServer} could not be reached${code === undefined ? '' : ` (${code})`}: ${advice}`,
    {
      cause: error,
      retryable: !isCertificateError,
    },
  );
}

/** The error that is or caused `error`, if it is one of ours: thrown below openid-client, which wraps it. */
export function findTokenError(error: unknown): TokenError | undefined {
  return causesOf(error).find((cause) => cause instanceof TokenError);
}

function causesOf(error: unknown): { name?: unknown; code?: string; cause?: unknown }[] {
  const causes = [];
  for (
    let cause = error;
    typeof cause === 'object' && cause !== null && causes.length < 10;
    cause = (cause as Error).cause
  ) {
    causes.push(cause);
  }
  return causes;
}

interface Refusal {
  readonly error: string | undefined;
  readonly errorDescription: string | undefined;
}

// Read whatever the content type says: a refusal that can be read helps more than one that is well-formed.
function readRefusal({ body }: Reply, { secrets = [] }: GrantContext): Refusal {
  const { error, error_description: description } = parseObject(body) ?? {};
  return {
    error: isErrorCode(error) ? withoutSecrets(error, secrets) : undefined,
    errorDescription:
      typeof description === 'string' && description !== '' ? readable(description, secrets) : undefined,
  };
}

// RFC 6749 §5.2: error_description is of %x20-21 / %x23-5B / %x5D-7E.
function readable(text: string, secrets: readonly string[]): string {
  const cleaned = withoutSecrets(text, secrets)
    .replace(/[^\x20\x21\x23-\x5b\x5d-\x7e]+/g, ' ')
    .trim();
  return cleaned.length > 300 ? `${cleaned.slice(0, 299)}…` : cleaned;
}

function withoutSecrets(text: string, secrets: readonly string[]): string {
  const spellings = secrets.flatMap((secret) => [secret, encodeURIComponent(secret.toWellFormed())]);
  return spellings.reduce((cleaned, spelling) => cleaned.replaceAll(spelling, '[redacted]'), text);
}

// The code says more than the status: servers answer refusals with a 500 and outages with a 400.
const busy = new Set([408, 425, 429]);
const outages = new Set(['server_error', 'temporarily_unavailable']);
const refusals = new Set([
  'invalid_request',
  'invalid_client',
  'invalid_grant',
  'unauthorized_client',
  'unsupported_grant_type',
  'invalid_scope',
  'invalid_target',
  'access_denied',
]);

function isTransient(status: number, error: string | undefined): boolean {
  if (error !== undefined && outages.has(error)) return true;
  if (busy.has(status)) return true;
  return status >= 500 && !(error !== undefined && refusals.has(error));
}

function unavailable({ status, headers }: Reply, refusal: Refusal, context: GrantContext): GrantUnavailableError {
  const what = status === 429 ? 'rate limited this client' : 'is not available';
  return new GrantUnavailableError(`${context.authorizationServer} ${what}${detail(refusal, status)}`, {
    status,
    retryAfterMs: retryAfterMs(headers.get('retry-after'), context.now),
  });
}

function rejected({ status }: Reply, refusal: Refusal, context: GrantContext): GrantRejectedError {
  const { authorizationServer, clientId, requestedScope, doubt } = context;
  const advice = [
    adviceFor(refusal.error, status, requestedScope),
    ['invalid_client', undefined].includes(refusal.error) ? doubt : undefined,
  ];
  return new GrantRejectedError(
    `${authorizationServer} refused a token to client "${clientId}"${detail(refusal, status)}: ${advice.filter(Boolean).join('; ')}`,
    { status, ...refusal },
  );
}

function redirected({ status, url, headers }: Reply, { authorizationServer, secrets = [] }: GrantContext): TokenError {
  const location = headers.get('location');
  const target = location !== null && URL.canParse(location, url) ? withoutQuery(new URL(location, url)) : undefined;
  const where = target === undefined ? 'without a target' : `to ${withoutSecrets(target, secrets)}`;
  return new GrantRejectedError(
    `${authorizationServer} redirected the token request ${where} (HTTP ${status}); ` +
      'credentials do not follow redirects: configure the URL of the token endpoint itself',
    { status },
  );
}

const detail = ({ error, errorDescription }: Refusal, status: number): string =>
  ` (${[error, errorDescription && `"${errorDescription}"`, `HTTP ${status}`].filter(Boolean).join(', ')})`;

function adviceFor(error: string | undefined, status: number, scope: string | undefined): string {
  if (status === 407) return 'a proxy asks for credentials; give them to the "fetch" that this service uses';
  switch (error) {
    case 'invalid_client':
      return 'check the client id and the secret, and which client authentication method is registered for this client';
    case 'unauthorized_client':
    case 'unsupported_grant_type':
      return 'the client credentials grant must be enabled for this client';
    case 'invalid_scope':
      return scope === undefined
        ? 'this client must ask for a scope: set "scope"'
        : `the scope "${scope}" is unknown or not allowed for this client`;
    case 'invalid_target':
      return 'check "resource" and "audience": this client may not have a token for them';
    default:
      return error === undefined && status >= 400
        ? 'check that this is the token endpoint, and the client id and secret'
        : 'check "scope", "resource", "audience" and "parameters" against what this authorization server expects';
  }
}

function flaw(error: unknown): string {
  const isUnknownType = causesOf(error).some(({ code }) => code === 'OAUTH_UNSUPPORTED_OPERATION');
  return isUnknownType
    ? 'its "token_type" is none that this library can present'
    : 'its body is no token response (RFC 6749 §5.1)';
}
