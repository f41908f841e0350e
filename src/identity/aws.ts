import { anyFunction, checkArgument, nonEmptyString, objectWith, oneOf } from '../core/check-options.js';
import { requiredVariable } from './environment.js';
import { checkSourceOptions, identityTokenSource } from './identity-token-source.js';
import type { IdentitySourceOptions, IdentityTokenSource } from './identity-token-source.js';
import { type StsAccess, stsName, webIdentityToken } from './sts.js';
import { tokenFileSource } from './token-file.js';

/** Options of {@link awsWebIdentityToken}. */
export interface AwsWebIdentityTokenOptions extends IdentitySourceOptions, Partial<StsAccess> {
  /** The audience of the token. */
  readonly audience: string;
}

/**
 * A token of the AWS identity of this program. With `client` and `command` of your own `@aws-sdk/client-sts`, AWS STS
 * issues it (`GetWebIdentityToken`). The account must have outbound identity federation enabled, the role needs
 * `sts:GetWebIdentityToken`, and the client a region.
 *
 * Without them, it is the token of a service account in EKS, from the file in `AWS_WEB_IDENTITY_TOKEN_FILE`. The default
 * audience of that token is AWS itself: set the annotation `eks.amazonaws.com/audience` of the service account.
 * @throws {ConfigurationError} if the variable is missing, or an option is missing, unknown or malformed
 * @see [GetWebIdentityToken](https://docs.aws.amazon.com/STS/latest/APIReference/API_GetWebIdentityToken.html)
 * @example
 * ```ts fragment
 * import { GetWebIdentityTokenCommand, STSClient } from '@aws-sdk/client-sts';
 *
 * const client = new STSClient({ region: 'eu-central-1' });
 * const audience = 'https://auth.example.com';
 * const identity = awsWebIdentityToken({ client, command: GetWebIdentityTokenCommand, audience });
 * ```
 * @example
 * ```ts
 * import { federatedAssertion } from 'm2m-tokens';
 * import { awsWebIdentityToken } from 'm2m-tokens/identity';
 *
 * const inEks = () => federatedAssertion(awsWebIdentityToken({ audience: 'https://auth.example.com' }));
 * ```
 */
export function awsWebIdentityToken(options: AwsWebIdentityTokenOptions): IdentityTokenSource {
  const checks = { client: objectWith('send'), command: anyFunction, signingAlgorithm: oneOf('ES384', 'RS256') };
  checkSourceOptions('awsWebIdentityToken', options, checks);
  const { client, command, audience, signingAlgorithm } = options;
  checkArgument('awsWebIdentityToken', 'audience', audience, nonEmptyString);
  if (client === undefined && command === undefined) {
    const path = requiredVariable(
      'AWS_WEB_IDENTITY_TOKEN_FILE',
      'EKS sets it in pods; elsewhere set "client" and "command"',
    );
    return tokenFileSource(
      { path, advice: 'EKS mounts the token there: check the service account of the pod' },
      options,
    );
  }
  checkArgument('awsWebIdentityToken', 'client', client, checks.client);
  checkArgument('awsWebIdentityToken', 'command', command, anyFunction);
  const sts = { client, command, signingAlgorithm } as StsAccess;
  return identityTokenSource({ name: stsName, issue: () => webIdentityToken(sts, audience) }, options);
}
