import { otherCredentials } from '../../../adapters/challenge.js';
import { parseChallenges } from '../../../core/challenges.js';
import type { AccessToken } from '../../../core/access-token.js';
import { readable } from '../../../grant/errors/redaction.js';
import { CommandError, exitCodes } from '../../io/command-error.js';

/** A response with an error status, and its request. */
export interface RejectedCall {
  readonly response: Pick<Response, 'status' | 'headers'>;
  readonly url: URL;
  /** The token of the request. */
  readonly token: Pick<AccessToken, 'value' | 'type'> | undefined;
}

/** The error for a response with an error status. The advice explains the challenge (RFC 6750 §3, RFC 9449 §7.1). */
export function rejectedByApi(call: RejectedCall): CommandError {
  const { status } = call.response;
  const { error, description } = challengeOf(call);
  const detail = [error, description && `"${description}"`].filter(Boolean).join(', ');
  const what = `${call.url.origin} responded with ${status}${detail === '' ? '' : ` (${detail})`}`;
  const advice = adviceFor(call) ?? 'the API rejects the token: m2m doctor with this URL shows more';
  return new CommandError(what, { advice, exitCode: exitCodes.rejectedByApi });
}

/** The next step. `undefined` if the token is rejected for a reason that only the token shows, such as its audience. */
export function adviceFor(call: RejectedCall): string | undefined {
  const { status, headers } = call.response;
  const { schemes, error, scope } = challengeOf(call);
  if (error === 'insufficient_scope' || (status === 403 && error === undefined)) {
    return `request a token with the required scope${scope === undefined ? '' : `: --scope "${scope}"`}`;
  }
  if (status === 401 && error !== 'invalid_request') {
    if (error === 'use_dpop_nonce' || error === 'invalid_dpop_proof') {
      return 'the API rejects the DPoP proof, not the token: check the clock of this machine, and the URL';
    }
    if (call.token?.type === 'Bearer' && schemes.includes('dpop') && !schemes.includes('bearer')) {
      return 'the API accepts only tokens that are bound to a key: set --dpop';
    }
    if (schemes.length > 0 && schemes.every((scheme) => otherCredentials.has(scheme))) {
      return `the API asks for credentials of the scheme ${schemes.join(' or ')}, not for a token: check the URL`;
    }
    return undefined;
  }
  const pause = headers.get('retry-after');
  const when = pause === null ? 'later' : `later (Retry-After: ${readable(pause, [])})`;
  if (status === 429) return `the API limits the rate of requests: try again ${when}`;
  if (status >= 500) return `the API reported a server error: try again ${when}`;
  return 'the request is wrong: without --fail the command shows the response';
}

/** The facts of the challenges, cleaned for a message. */
interface ChallengeFacts {
  /** In lower case. */
  readonly schemes: readonly string[];
  readonly error: string | undefined;
  readonly description: string | undefined;
  readonly scope: string | undefined;
}

// An API may repeat the token.
function challengeOf({ response, token }: RejectedCall): ChallengeFacts {
  const challenges = parseChallenges(response.headers.get('www-authenticate') ?? '');
  const secrets = token === undefined ? [] : [token.value];
  const parameter = (name: string) => {
    const value = challenges.map(({ parameters }) => parameters.get(name)).find(Boolean);
    return value === undefined ? undefined : readable(value, secrets);
  };
  return {
    schemes: challenges.map(({ scheme }) => readable(scheme, secrets)),
    error: parameter('error'),
    description: parameter('error_description'),
    scope: parameter('scope'),
  };
}
