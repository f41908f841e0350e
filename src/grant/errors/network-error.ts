import { cleanText } from '../../core/clean-text.js';
import { causesOf } from '../../core/error-causes.js';
import { type AnyTokenError, GrantUnavailableError, isTokenError } from '../../core/errors.js';
import { withoutSecrets } from './redaction.js';

/** The facts about a request without a response. */
export interface FailedRequest {
  /** The issuer, or the token endpoint if no issuer is configured. */
  readonly authorizationServer: string;
  /** Texts that must not appear in the error. */
  readonly secrets?: readonly string[] | undefined;
  /** The environment variable that names a proxy, if Node.js ignored it. */
  readonly ignoredProxy?: string | undefined;
}

/** The error for a request without a response. It is retryable, unless only a change of the configuration can help. */
export function networkError(
  error: unknown,
  { authorizationServer, secrets = [], ignoredProxy }: FailedRequest,
): GrantUnavailableError {
  const causes = causesOf(error);
  // The message of a user-supplied `fetch` may contain the request.
  const showsSecret = causes.some(({ message }) => isSecret(String(message), secrets));
  const cause = showsSecret ? undefined : error;
  const proxyAdvice = ignoredProxy === undefined ? '' : `; ${adviceAboutProxy(ignoredProxy)}`;
  if (causes.some(({ name, code }) => name === 'TimeoutError' || code === 'OAUTH_TIMEOUT')) {
    return new GrantUnavailableError(`${authorizationServer} did not respond in time${proxyAdvice}`, { cause });
  }
  const code = causes.map((each) => each.code).findLast((each) => typeof each === 'string');
  const messages = causes.map(({ message }) => String(message)).join();
  const reason = permanentReason(String(code), messages);
  const mayExpectTls = authorizationServer.startsWith('http:') && closedConnection.test(String(code));
  const tlsAdvice = mayExpectTls ? '; if its port expects https, the URL must begin with https' : '';
  const advice = `check the URL, DNS, proxy and firewall${tlsAdvice}${proxyAdvice}`;
  return new GrantUnavailableError(
    `${authorizationServer} could not be reached${code === undefined ? '' : ` (${cleanText(code)})`}: ${reason ?? advice}`,
    { cause, retryable: reason === undefined },
  );
}

const adviceAboutProxy = (variable: string): string =>
  `${variable} is set, but Node.js uses only HTTPS_PROXY and HTTP_PROXY, and only with NODE_USE_ENV_PROXY=1 (Node.js ` +
  '22.21, 24.5 or later); otherwise give a "fetch" that uses the proxy';

// A URL with a user and a password is a secret too.
const isSecret = (message: string, secrets: readonly string[]): boolean =>
  withoutSecrets(message, secrets) !== message || /\/\/[^/\s]*@/.test(message);

/** The first {@link TokenError} among an error and its causes: openid-client wraps the errors of its `fetch`. */
export function findTokenError(error: unknown): AnyTokenError | undefined {
  return causesOf(error).find(isTokenError);
}

const closedConnection = /^(ECONNRESET|EPIPE|UND_ERR_SOCKET|HPE_.*)$/;

/** Reasons that are permanent, so that a retry is useless, by error code. */
const permanentReasons: readonly (readonly [RegExp, string])[] = [
  // A TLS alert comes from the server and concerns the client certificate.
  [
    /_ALERT_.*(CERT|UNKNOWN_CA)/,
    'it does not accept the client certificate; check that it is the registered one and has not expired',
  ],
  [
    /CERT_HAS_EXPIRED/,
    'its certificate has expired; the server needs a new one, unless the clock of this machine is wrong',
  ],
  [/CERT_NOT_YET_VALID/, 'its certificate is not valid yet; check the clock of this machine'],
  [
    /ALTNAME_INVALID|HOSTNAME_MISMATCH/,
    'its certificate is for another name; check the host in the URL, and whether a proxy or DNS points to another host',
  ],
  [
    /CERT|SELF_SIGNED|UNABLE_TO_(GET|VERIFY|DECODE)|INVALID_(CA|PURPOSE)|PATH_LENGTH_EXCEEDED/,
    'its certificate is not trusted; for a private CA set NODE_EXTRA_CA_CERTS or the option "fetch"',
  ],
  [
    /WRONG_VERSION_NUMBER|PACKET_LENGTH_TOO_LONG|SSL_HTTP_REQUEST/,
    'its port does not speak https, but probably http; check the port and the scheme of the URL',
  ],
];

function permanentReason(code: string, messages: string): string | undefined {
  if (messages.includes('Proxy response (407)')) {
    return 'a proxy asks for credentials (HTTP 407); give them to the "fetch" that this service uses';
  }
  // In some versions of Node.js the code is EPROTO, and only the message names the reason.
  const text = code === 'EPROTO' ? messages.toUpperCase().replaceAll(' ', '_') : code;
  return permanentReasons.find(([codes]) => codes.test(text))?.[1];
}
