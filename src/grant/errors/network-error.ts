import { causesOf, GrantUnavailableError, TokenError } from '../../core/errors.js';
import { withoutSecrets } from './redaction.js';

/**
 * The error for a request that got no answer. It is retryable, but for a certificate that is not trusted and a proxy that
 * refuses.
 */
export function networkError(
  error: unknown,
  authorizationServer: string,
  secrets: readonly string[] = [],
): GrantUnavailableError {
  const causes = causesOf(error);
  // A fetch of the user's may put the whole request into its message.
  const isTelling = causes.some(({ message }) => withoutSecrets(String(message), secrets) !== String(message));
  const kept = isTelling ? undefined : error;
  if (causes.some(({ name, code }) => name === 'TimeoutError' || code === 'OAUTH_TIMEOUT')) {
    return new GrantUnavailableError(`${authorizationServer} did not answer in time`, { cause: kept });
  }
  const code = causes.map((cause) => cause.code).findLast((each) => typeof each === 'string');
  const obstacle = permanentObstacle(String(code), causes.map(({ message }) => String(message)).join());
  return new GrantUnavailableError(
    `${authorizationServer} could not be reached${code === undefined ? '' : ` (${code})`}: ` +
      (obstacle ?? 'check the URL, DNS, proxy and firewall'),
    { cause: kept, retryable: obstacle === undefined },
  );
}

/** The error that is or caused `error`, if it is one of ours: thrown below openid-client, which wraps it. */
export function findTokenError(error: unknown): TokenError | undefined {
  return causesOf(error).find((cause) => cause instanceof TokenError);
}

const certificateCodes =
  /CERT|SELF_SIGNED|UNABLE_TO_(GET|VERIFY|DECODE)|INVALID_(CA|PURPOSE)|PATH_LENGTH_EXCEEDED|HOSTNAME_MISMATCH/;

function permanentObstacle(code: string, messages: string): string | undefined {
  // An alert is what the other side says of ours.
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
