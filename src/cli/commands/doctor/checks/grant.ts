import type { AccessToken } from '../../../../core/access-token.js';
import { type GrantRejectedError, isTokenError, type AnyTokenError } from '../../../../core/errors.js';
import type { TokenSource } from '../../../../core/token-source.js';
import { concernsClient, isOfAnotherEndpoint } from '../../../../grant/errors/error-response.js';
import { readable } from '../../../../grant/errors/redaction.js';
import { renewalSchedule } from '../../../../layers/renewal-schedule.js';
import { formatDuration } from '../../../io/duration.js';
import { explainTokenError } from '../../../io/report-error.js';
import { fail, type Finding, pass, warn } from '../finding.js';

/** Options of {@link checkGrant}. */
export interface GrantCheckOptions {
  readonly signal: AbortSignal;
  /** Finds the likely reasons for a rejection that may concern the client, the most likely first. */
  readonly reasons: (rejection: GrantRejectedError) => Promise<readonly string[]>;
  /** The likely reasons for a rejection of the assertion or subject token (`invalid_grant`). @default [] */
  readonly tokenReasons?: readonly string[];
}

/** The result of {@link checkGrant}. */
export interface GrantCheck {
  readonly token?: AccessToken;
  /** Whether the server rejected the grant, and other credentials or another method may be accepted. */
  readonly concernsClient: boolean;
  readonly findings: readonly Finding[];
}

/** Requests a token. */
export async function checkGrant(
  tokens: TokenSource,
  { signal, reasons, tokenReasons = [] }: GrantCheckOptions,
): Promise<GrantCheck> {
  const began = performance.now();
  try {
    const token = await tokens.getToken(undefined, { signal });
    const ms = Math.round(performance.now() - began);
    return { token, concernsClient: false, findings: [pass(`the server issued a token in ${ms} ms`)] };
  } catch (error) {
    if (!isTokenError(error)) throw error;
    const hasNoResponse = error.code === 'ERR_GRANT_UNAVAILABLE' && error.status === undefined;
    const ownAdvice = hasNoResponse ? adviceWithoutResponse : adviceWithout[error.code];
    const { what, advice = ownAdvice, exitCode } = explainTokenError(error);
    const isAboutClient = error.code === 'ERR_GRANT_REJECTED' && mayConcernClient(error);
    const isAboutToken = error.code === 'ERR_GRANT_REJECTED' && error.error === 'invalid_grant';
    const ofToken = isAboutToken && tokenReasons.length > 0 ? tokenReasons : advice;
    const steps = isAboutClient ? await reasons(error) : ofToken;
    return { concernsClient: isAboutClient, findings: [fail(what, steps, exitCode)] };
  }
}

const mayConcernClient = ({ error, status }: GrantRejectedError): boolean =>
  concernsClient(status, error) && !isOfAnotherEndpoint(status);

/** The advice for a server that accepts connections but sends no response. */
const adviceWithoutResponse =
  'the server accepts connections, but sends no response: it may be overloaded, or a firewall or proxy may block the ' +
  'request; ask its operator';

/** The advice for errors whose message contains none. */
const adviceWithout: Readonly<Record<AnyTokenError['code'], string>> = {
  ERR_CONFIGURATION: 'correct this setting',
  ERR_GRANT_REJECTED: 'compare the settings with the registration of this client',
  ERR_GRANT_UNAVAILABLE: 'the server reports an internal error: try again later, or ask its operator',
  ERR_TOKEN_RESPONSE:
    'check that the URL is that of the token endpoint, and that no proxy or gateway responds in its place; otherwise ' +
    'the operator of the server must correct the response',
};

/** The scope in a token response, and the requested one, both space-separated (RFC 6749 §3.3). */
export interface ScopeFacts {
  readonly requested: string | undefined;
  /** `undefined` if the response does not name it. */
  readonly granted: string | undefined;
}

/** Compares the granted with the requested scope. */
export function checkScope({ requested, granted }: ScopeFacts): Finding[] {
  const scopes = (requested ?? '').split(/\s+/).filter(Boolean);
  if (granted === undefined) {
    const what = 'the granted scope is unknown, because the token response does not name it';
    // RFC 6749 §5.1: then the server granted the requested scope. But some servers drop scopes without notice.
    return [scopes.length === 0 ? pass(what) : pass(`${what}; "${scopes.join(' ')}" was requested`)];
  }
  const missing = scopes.filter((scope) => !granted.split(' ').includes(scope));
  const shown = readable(granted, []);
  if (missing.length === 0) return [pass(`the granted scope is "${shown}"`)];
  const what = `the granted scope is "${shown}": "${missing.join(' ')}" is missing`;
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
  return [
    lifetimeMs < shortMs ? warn(what, 'each renewal is a grant: configure a lifetime of several minutes') : pass(what),
  ];
}
