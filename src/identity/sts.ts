import { abortable, withDeadline } from '../core/abort.js';
import { cleanText } from '../core/clean-text.js';
import { ConfigurationError, GrantUnavailableError } from '../core/errors.js';
import { withoutJwts } from './endpoint.js';
import type { IssuedToken } from './identity-token.js';

/** Access to AWS STS with the SDK of the user, so that this package needs none. */
export interface StsAccess {
  /** An `STSClient` of `@aws-sdk/client-sts`. */
  readonly client: {
    /** Sends a command. */
    send(command: never, options?: { readonly abortSignal?: AbortSignal }): Promise<unknown>;
  };
  /** The class `GetWebIdentityTokenCommand` of `@aws-sdk/client-sts`. */
  readonly command: new (input: { Audience: string[]; SigningAlgorithm: string; DurationSeconds?: number }) => unknown;
  /** The algorithm of the signature. @default 'ES384' */
  readonly signingAlgorithm?: 'ES384' | 'RS256' | undefined;
}

/** Names AWS STS in messages. */
export const stsName = 'AWS STS';
// The SDK retries by itself.
const timeoutMs = 5_000;

/**
 * Calls `GetWebIdentityToken`.
 * @throws {ConfigurationError} if the account, the role or the client must be changed
 * @throws {GrantUnavailableError} if AWS STS may recover
 */
export async function webIdentityToken(
  { client, command: Command, signingAlgorithm = 'ES384' }: StsAccess,
  audience: string,
): Promise<IssuedToken> {
  const command = new Command({ Audience: [audience], SigningAlgorithm: signingAlgorithm });
  const send = (abortSignal: AbortSignal) => client.send(command as never, { abortSignal });
  const response = await withDeadline(timeoutMs, undefined, (signal) => abortable(send(signal), signal)).catch(
    (cause: unknown) => {
      throw stsError(cause);
    },
  );
  const { WebIdentityToken: token, Expiration: expiration } = Object(response) as Record<string, unknown>;
  return { token, expiresAt: expiration instanceof Date ? expiration.getTime() : undefined };
}

/** The members of an error of the SDK that are read. */
interface SdkError {
  readonly name?: string;
  readonly message?: string;
  readonly $fault?: 'client' | 'server';
  readonly $retryable?: object;
  readonly $metadata?: { readonly httpStatusCode?: number };
}

const advice: Readonly<Record<string, string>> = {
  OutboundWebIdentityFederationDisabledException: 'enable outbound identity federation for the account',
  AccessDenied: 'allow sts:GetWebIdentityToken for this role and audience',
  CredentialsProviderError: 'give the client credentials, such as a role',
  SessionDurationEscalationException: 'the credentials of the client expire before the token would',
};

function stsError(cause: unknown): Error {
  const { name = 'Error', message = '', $fault: fault, $retryable, $metadata } = Object(cause) as SdkError;
  const status = $metadata?.httpStatusCode ?? 0;
  const isTransient = $retryable !== undefined || status === 429 || status >= 500 || /throttl/i.test(name);
  const what = `${cleanText(name)}: ${withoutJwts(cleanText(message))}`;
  const toDo = advice[name] ?? 'check the region, the role and "audience"';
  const text = `${stsName} issued no token (${what}): ${toDo}`;
  return fault === 'client' && !isTransient ? new ConfigurationError(text) : new GrantUnavailableError(text);
}
