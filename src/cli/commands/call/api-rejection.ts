import { otherCredentials } from '../../../adapters/challenge.js';
import { errorOf, parseChallenges } from '../../../core/challenges.js';
import type { AccessToken } from '../../../core/access-token.js';
import { readable } from '../../../grant/errors/redaction.js';
import { CommandError, exitCodes } from '../../io/command-error.js';
import { shellWord } from '../../io/shell-word.js';

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

/** The next step; `undefined` if the reason can be found only in the token itself, such as its audience. */
export function adviceFor(call: RejectedCall): string | undefined {
  const { status, headers } = call.response;
  if (status === 401 || status === 403) return adviceForRejection(call);
  const pause = headers.get('retry-after');
  const when = pause === null ? 'later' : `later (Retry-After: ${readable(pause, [])})`;
  if (status === 429) return `the API limits the rate of requests: try again ${when}`;
  return status >= 500 ? `the API reported a server error: try again ${when}` : wrongRequest;
}

const wrongRequest = 'the request itself is wrong: m2m call without --fail shows the response';

function adviceForRejection(call: RejectedCall): string | undefined {
  const { schemes, code, scope } = challengeOf(call);
  const { status } = call.response;
  if (code === 'insufficient_scope') {
    return `request a token with the required scope${scope === undefined ? '' : `: --scope ${shellWord(scope)}`}`;
  }
  if (code === 'invalid_request') return wrongRequest;
  const isForTokens = schemes.length === 0 || schemes.some((scheme) => tokenSchemes.has(scheme)) || code !== undefined;
  if (call.token?.type !== 'DPoP' && schemes.includes('dpop') && !schemes.includes('bearer')) {
    return 'the API accepts only DPoP tokens: set --dpop';
  }
  if (code === 'use_dpop_nonce' || code === 'invalid_dpop_proof') {
    return 'the API rejects the DPoP proof, not the token: check the clock of this machine, and the URL';
  }
  if (!isForTokens && schemes.every((scheme) => otherCredentials.has(scheme))) {
    return `the API expects credentials of the scheme ${schemes.join(' or ')}, not a token: check the URL`;
  }
  if (!isForTokens) {
    return (
      `the API expects credentials of the scheme ${schemes.join(' or ')}, not an access token: check the URL, and ` +
      'whether this API accepts access tokens'
    );
  }
  if (status === 403 && code === undefined) {
    return 'the client may lack a permission: request a token with the required scope (--scope), or ask the operator of the API';
  }
  return undefined;
}

/** The authentication schemes of challenges that expect an access token, standard or not, in lower case. */
const tokenSchemes: ReadonlySet<string> = new Set(['bearer', 'dpop', 'oauth', 'oauth2', 'token', 'jwt']);

/** The values of the challenges, sanitized for messages. */
interface ChallengeFacts {
  /** In lower case. */
  readonly schemes: readonly string[];
  /** As the API spells it. */
  readonly error: string | undefined;
  /** `error` in the spelling of RFC 6750. */
  readonly code: string | undefined;
  readonly description: string | undefined;
  readonly scope: string | undefined;
}

// A challenge may contain the token, which `readable` removes.
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
    code: challenges.map(errorOf).find(Boolean),
    description: parameter('error_description'),
    scope: parameter('scope'),
  };
}
