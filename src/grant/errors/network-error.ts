import { cleanText } from '../../core/clean-text.js';
import { causesOf, GrantUnavailableError, TokenError } from '../../core/errors.js';
import { withoutSecrets } from './redaction.js';

/**
 * The error for a request without a response. It is retryable unless a certificate is not trusted or a proxy requires
 * credentials.
 */
export function networkError(
  error: unknown,
  authorizationServer: string,
  secrets: readonly string[] = [],
): GrantUnavailableError {
  const causes = causesOf(error);
  // The user's own `fetch` may put the request into its message.
  const showsSecret = causes.some(({ message }) => isSecret(String(message), secrets));
  const cause = showsSecret ? undefined : error;
  if (causes.some(({ name, code }) => name === 'TimeoutError' || code === 'OAUTH_TIMEOUT')) {
    return new GrantUnavailableError(`${authorizationServer} did not answer in time`, { cause });
  }
  const code = causes.map((each) => each.code).findLast((each) => typeof each === 'string');
  const obstacle = permanentObstacle(String(code), causes.map(({ message }) => String(message)).join());
  return new GrantUnavailableError(
    `${authorizationServer} could not be reached${code === undefined ? '' : ` (${cleanText(code)})`}: ` +
      (obstacle ?? 'check the URL, DNS, proxy and firewall'),
    { cause, retryable: obstacle === undefined },
  );
}

// A URL with a user and a password is a secret too.
const isSecret = (message: string, secrets: readonly string[]): boolean =>
  withoutSecrets(message, secrets) !== message || /\/\/[^/\s]*@/.test(message);

/** The first {@link TokenError} among an error and its causes: openid-client wraps the errors of its `fetch`. */
export function findTokenError(error: unknown): TokenError | undefined {
  return causesOf(error).find((cause) => cause instanceof TokenError);
}

const certificateCodes =
  /CERT|SELF_SIGNED|UNABLE_TO_(GET|VERIFY|DECODE)|INVALID_(CA|PURPOSE)|PATH_LENGTH_EXCEEDED|HOSTNAME_MISMATCH/;

function permanentObstacle(code: string, messages: string): string | undefined {
  // A TLS alert comes from the server and concerns the client certificate.
  if (/_ALERT_.*(CERT|UNKNOWN_CA)/.test(code)) {
    return 'it does not accept the client certificate; check that it is the registered one and has not expired';
  }
  if (certificateCodes.test(code)) {
    return 'its certificate is not trusted; for a private CA set NODE_EXTRA_CA_CERTS or the option "fetch"';
  }
  if (messages.includes('Proxy response (407)')) {
    return 'a proxy asks for credentials (HTTP 407); give them to the "fetch" that this service uses';
  }
  return undefined;
}
