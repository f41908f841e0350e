import type { AccessToken } from '../../../../core/access-token.js';
import { GrantRejectedError, TokenError } from '../../../../core/errors.js';
import type { TokenSource } from '../../../../core/token-source.js';
import { renewalSchedule } from '../../../../layers/renewal-schedule.js';
import { formatDuration } from '../../../io/duration.js';
import { explainTokenError } from '../../../io/report-error.js';
import { bad, doubtful, type Finding, good } from '../finding.js';

/** How {@link checkGrant} goes about it. */
export interface GrantCheck {
  readonly signal: AbortSignal;
  /** Those that an `invalid_client` may have, the likeliest first. */
  readonly reasons: () => Promise<readonly string[]>;
}

/** What came of a grant. */
export interface GrantOutcome {
  readonly token?: AccessToken;
  /** The error code of the authorization server, if it refused. */
  readonly refusal?: string | undefined;
  readonly findings: readonly Finding[];
}

/** Makes the grant. */
export async function checkGrant(tokens: TokenSource, { signal, reasons }: GrantCheck): Promise<GrantOutcome> {
  const began = performance.now();
  try {
    const token = await tokens.getToken(undefined, { signal });
    return { token, findings: [good(`a token was granted in ${Math.round(performance.now() - began)} ms`)] };
  } catch (error) {
    if (!(error instanceof TokenError)) throw error;
    const { what, advice, exitCode } = explainTokenError(error);
    const refusal = error instanceof GrantRejectedError ? error.error : undefined;
    return { refusal, findings: [bad(what, refusal === 'invalid_client' ? await reasons() : advice, exitCode)] };
  }
}

/** The granted scope against the asked one, both space-separated (RFC 6749 §3.3). */
export function checkScope(asked: string | undefined, granted: string | undefined): Finding[] {
  if (granted === undefined) return [];
  const missing = (asked ?? '').split(/\s+/).filter((scope) => !granted.split(' ').includes(scope) && scope !== '');
  if (missing.length === 0) return [good(`the scope granted is "${granted}"`)];
  const what = `the scope granted is "${granted}": "${missing.join(' ')}" is missing`;
  return [doubtful(what, 'allow it for this client at the authorization server, or leave it out')];
}

const shortMs = 60_000;

/** The lifetime of a token, and what it means for renewal. */
export function checkLifetime({ issuedAt, expiresAt }: AccessToken, saysLifetime: boolean): Finding[] {
  const lifetimeMs = expiresAt - issuedAt;
  const lifetime = formatDuration(lifetimeMs);
  if (!saysLifetime) {
    const what = `the server does not say how long the token is valid; ${lifetime} are assumed`;
    return [doubtful(what, 'set "defaultLifetimeSeconds" in a program to what the server documents')];
  }
  if (lifetimeMs === 0) {
    return [
      doubtful('the token had expired when it arrived', 'check the lifetime of tokens at the server, and its clock'),
    ];
  }
  const after = (random: number) => formatDuration(lifetimeMs - renewalSchedule(lifetimeMs, () => random).advisoryMs);
  const what = `the token is valid for ${lifetime}; the library renews it in the background after ${after(1)} to ${after(0)}`;
  return [
    lifetimeMs < shortMs ? doubtful(what, 'each renewal is a grant: a lifetime of minutes is usual') : good(what),
  ];
}
