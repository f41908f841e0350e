import type { AccessToken } from '../../../../core/access-token.js';
import { GrantRejectedError, TokenError } from '../../../../core/errors.js';
import type { TokenSource } from '../../../../core/token-source.js';
import { renewalSchedule } from '../../../../layers/renewal-schedule.js';
import { formatDuration } from '../../../io/duration.js';
import { explainTokenError } from '../../../io/report-error.js';
import { fail, type Finding, pass, warn } from '../finding.js';

/** Options of {@link checkGrant}. */
export interface GrantCheckOptions {
  readonly signal: AbortSignal;
  /** Finds the likely reasons for an `invalid_client`, the likeliest first. */
  readonly reasons: () => Promise<readonly string[]>;
}

/** The result of {@link checkGrant}. */
export interface GrantCheck {
  readonly token?: AccessToken;
  /** The error code of the error response, if there was one. */
  readonly errorCode?: string | undefined;
  readonly findings: readonly Finding[];
}

/** Requests a token. */
export async function checkGrant(tokens: TokenSource, { signal, reasons }: GrantCheckOptions): Promise<GrantCheck> {
  const began = performance.now();
  try {
    const token = await tokens.getToken(undefined, { signal });
    const ms = Math.round(performance.now() - began);
    return { token, findings: [pass(`the server issued a token in ${ms} ms`)] };
  } catch (error) {
    if (!(error instanceof TokenError)) throw error;
    const { what, advice, exitCode } = explainTokenError(error);
    const errorCode = error instanceof GrantRejectedError ? error.error : undefined;
    const steps = errorCode === 'invalid_client' ? await reasons() : advice;
    return { errorCode, findings: [fail(what, steps, exitCode)] };
  }
}

/** Compares the granted with the requested scope, both space-separated (RFC 6749 §3.3). */
export function checkScope(requested: string | undefined, granted: string | undefined): Finding[] {
  if (granted === undefined) return [];
  const missing = (requested ?? '').split(/\s+/).filter((scope) => scope !== '' && !granted.split(' ').includes(scope));
  if (missing.length === 0) return [pass(`the granted scope is "${granted}"`)];
  const what = `the granted scope is "${granted}": "${missing.join(' ')}" is missing`;
  return [warn(what, 'allow it for this client at the authorization server, or do not request it')];
}

const shortMs = 60_000;

/** Reports the lifetime of a token, and when the library renews it. */
export function checkLifetime({ issuedAt, expiresAt }: AccessToken, hasLifetime: boolean): Finding[] {
  const lifetimeMs = expiresAt - issuedAt;
  const lifetime = formatDuration(lifetimeMs);
  if (!hasLifetime) {
    const what = `the token response has no expires_in; the library assumes ${lifetime}`;
    return [warn(what, 'in a program, set "defaultLifetimeSeconds" to the documented lifetime')];
  }
  if (lifetimeMs === 0) {
    return [warn('the token has expired on arrival', 'check the lifetime of tokens at the server, and its clock')];
  }
  const after = (random: number) => formatDuration(lifetimeMs - renewalSchedule(lifetimeMs, () => random).advisoryMs);
  const what = `the token is valid for ${lifetime}; the library renews it in the background after ${after(1)} to ${after(0)}`;
  return [lifetimeMs < shortMs ? warn(what, 'each renewal is a grant: use a lifetime of minutes') : pass(what)];
}
