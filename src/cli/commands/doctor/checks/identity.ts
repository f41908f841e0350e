import { claimsOf } from '../../../../core/jwt-claims.js';
import { secondsToMs } from '../../../../identity/identity-token.js';
import { readable } from '../../../../grant/errors/redaction.js';
import { audiencesOf, describeIdentity } from '../../../identity-claims.js';
import { formatDuration } from '../../../io/duration.js';
import { authMethodName, type Credentials, grantInputOf } from '../../../settings/auth-methods.js';
import type { SettingName } from '../../../settings/definitions.js';
import { identityPlace } from '../../../settings/identity.js';
import type { Settings } from '../../../settings/settings.js';
import { type Finding, pass, warn } from '../finding.js';
import type { ServerFacts } from './metadata.js';

/** A token of another issuer, which the grant or the client authentication uses. */
export interface IdentityToken {
  /** Its role in messages. */
  readonly what: string;
  readonly isAssertion: boolean;
  readonly value: string;
  /** The file, endpoint or variable that it comes from. */
  readonly place: string;
  /** `undefined` if it is not a JWT. */
  readonly claims: Readonly<Record<string, unknown>> | undefined;
}

/** The tokens of other issuers in use. */
export async function identityTokensOf(settings: Settings, credentials: Credentials): Promise<IdentityToken[]> {
  const input = grantInputOf(settings);
  const isExchange = settings.grant?.value === 'token_exchange';
  const assertionSetting = settings.assertionFile === undefined ? 'identity' : 'assertionFile';
  const isClientAssertion = authMethodName(settings) === 'federated_assertion';
  const token = async (
    what: string,
    kind: 'assertion' | 'subjectToken' | 'actorToken',
    setting: SettingName,
  ): Promise<IdentityToken> => ({
    what,
    isAssertion: kind === 'assertion',
    value: credentials[kind],
    place: setting === 'identity' ? await identityPlace(settings) : `the file ${settings[setting]?.value}`,
    claims: claimsOf(credentials[kind]),
  });

  const tokens: IdentityToken[] = [];
  if (settings.grant?.value === 'jwt_bearer') tokens.push(await token('the assertion', 'assertion', assertionSetting));
  else if (isClientAssertion) tokens.push(await token('the client assertion', 'assertion', assertionSetting));
  if (isExchange && input !== undefined) tokens.push(await token('the subject token', 'subjectToken', input));
  if (isExchange && settings.actorTokenFile)
    tokens.push(await token('the actor token', 'actorToken', 'actorTokenFile'));
  return tokens;
}

/** Reports the origin, subject, audience and expiry of a token. `now` is milliseconds since the epoch. */
export function checkIdentityToken(token: IdentityToken, now: number): Finding {
  const { what, place, claims, isAssertion } = token;
  const origin = `${what} comes from ${place}`;
  if (claims === undefined) {
    const flaw = `${origin}; it is not a JWT`;
    return isAssertion ? warn(flaw, 'an assertion must be a JWT (RFC 7523 §3)') : pass(flaw);
  }
  const [flaw] = flawsOf(token, now);
  const audiences = audiencesOf(claims);
  const recipients = audiences.length === 0 ? 'without an audience' : `for ${shown(audiences.join(', '))}`;
  const expiresAt = secondsToMs(claims['exp']);
  const validity =
    expiresAt !== undefined && flaw === undefined ? `, valid for ${formatDuration(expiresAt - now)}` : '';
  const text = `${origin}: ${subjectOf(claims)}, ${recipients}${validity}`;
  return flaw === undefined ? pass(text) : warn(text, flaw);
}

/** Compares the audience of an assertion with the authorization server (RFC 7523 §3). */
export function checkAssertionAudience({ what, claims, isAssertion }: IdentityToken, facts: ServerFacts): Finding[] {
  if (!isAssertion || claims === undefined) return [];
  const audiences = audiencesOf(claims);
  const own = [facts.issuer, facts.token_endpoint].filter((each) => each !== undefined);
  if (audiences.some((each) => own.includes(each))) return [];
  const actual = audiences.length === 0 ? 'has no audience' : `is for ${shown(audiences.join(', '))}`;
  return [
    warn(
      `${what} ${actual}, not for this server: ${shown([...new Set(own)].join(' or '))}`,
      'set --identity-audience, or the audience in the platform, unless this server expects another one',
    ),
  ];
}

/** The likely reasons for `invalid_grant`: first those with evidence. */
export function reasonsForRejectedToken(
  tokens: readonly IdentityToken[],
  { facts, settings, now }: { readonly facts: ServerFacts; readonly settings: Settings; readonly now: number },
): readonly string[] {
  const inputs = tokens.filter(({ what }) => what !== 'the client assertion');
  return inputs.flatMap((token) => {
    const { what, claims = {}, isAssertion } = token;
    const { iss, sub, jti } = claims;
    const type = settings[what === 'the actor token' ? 'actorTokenType' : 'subjectTokenType']?.value;
    return [
      ...flawsOf(token, now),
      ...checkAssertionAudience(token, facts).map(({ what: flaw }) => flaw),
      typeof iss === 'string' ? `the server must trust the issuer of ${what}, ${shown(iss)}, and read its keys` : '',
      typeof sub === 'string' ? `the server must know the subject of ${what}, ${shown(sub)}` : '',
      isAssertion ? '' : `${what} was sent with the type "${type}": compare it with the kind of the token`,
      isAssertion ? '' : 'this client must be allowed to exchange the token, and the token may be revoked',
      isAssertion && jti !== undefined ? 'the server may accept an assertion once only: use a new one' : '',
    ].filter((reason) => reason !== '');
  });
}

function flawsOf({ what, claims, isAssertion }: IdentityToken, now: number): readonly string[] {
  if (claims === undefined) return isAssertion ? [`${what} is not a JWT (RFC 7523 §3)`] : [];
  const expiresAt = secondsToMs(claims['exp']);
  const beginsAt = secondsToMs(claims['nbf']);
  if (expiresAt === undefined && isAssertion) return [`${what} has no expiry, which RFC 7523 §3 requires`];
  if (expiresAt !== undefined && expiresAt <= now) {
    return [`${what} expired ${formatDuration(now - expiresAt)} ago: its platform must replace it`];
  }
  if (beginsAt !== undefined && beginsAt > now) {
    return [`${what} is valid only in ${formatDuration(beginsAt - now)}: check the clock of this machine`];
  }
  return [];
}

function subjectOf(claims: NonNullable<IdentityToken['claims']>): string {
  const { iss, sub } = claims;
  return describeIdentity(claims) ?? `the subject ${shown(String(sub))} of ${shown(String(iss))}`;
}

const shown = (text: string): string => readable(text, []);
