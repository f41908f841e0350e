/** One challenge of a `WWW-Authenticate` field (RFC 9110 §11.6.1). */
export interface Challenge {
  /** In lower case. */
  readonly scheme: string;
  /** By their names in lower case. */
  readonly parameters: ReadonlyMap<string, string>;
}

/**
 * Parses a `WWW-Authenticate` field, or several of them joined by commas. A challenge is a scheme, then a token68 or a
 * list of parameters (RFC 9110 §11.2). Values in single quotes are accepted too. Stops at the first part that is
 * malformed; never throws.
 */
export function parseChallenges(field: string): readonly Challenge[] {
  const challenges: { scheme: string; parameters: Map<string, string> }[] = [];
  let at = 0;

  const take = (pattern: RegExp): RegExpExecArray | null => {
    pattern.lastIndex = at;
    const match = pattern.exec(field);
    if (match !== null) at = pattern.lastIndex;
    return match;
  };

  while (take(separators) !== null && at < field.length) {
    const current = challenges.at(-1);
    const parameter = current && take(parameterPattern)?.groups;
    if (parameter) {
      const { name = '', quoted, single, bare = '' } = parameter;
      current.parameters.set(name.toLowerCase(), quoted?.replace(/\\(.)/gs, '$1') ?? single ?? bare);
      continue;
    }
    const scheme = take(schemePattern)?.groups?.['scheme'];
    if (scheme === undefined) break;
    challenges.push({ scheme: scheme.toLowerCase(), parameters: new Map() });
    take(token68Pattern);
  }
  return challenges;
}

/**
 * The error code of a challenge in the spelling of RFC 6750 §3.1: some APIs write `invalid token` or `Invalid_Token`.
 */
export const errorOf = ({ parameters }: Challenge): string | undefined =>
  parameters.get('error')?.toLowerCase().replaceAll(' ', '_');

/** Whether a `WWW-Authenticate` field asks for a proof with the nonce of the same response (RFC 9449 §9). */
export function asksForNonce(wwwAuthenticate: string | undefined): boolean {
  return parseChallenges(wwwAuthenticate ?? '').some(
    (challenge) => challenge.scheme === 'dpop' && errorOf(challenge) === 'use_dpop_nonce',
  );
}

// Sticky: each pattern is tried at the current position only.
const token = "[!#$%&'*+.^_`|~0-9A-Za-z-]+";
const separators = /[\s,]*/y;
const parameterPattern = new RegExp(
  `(?<name>${token})\\s*=\\s*(?:"(?<quoted>(?:[^"\\\\]|\\\\.)*)"|'(?<single>[^']*)'|(?<bare>${token}))(?=\\s*(?:,|$))`,
  'sy',
);
const schemePattern = new RegExp(`(?<scheme>${token})(?=\\s|,|$)`, 'y');
const token68Pattern = / +[A-Za-z0-9._~+/-]+=*(?=\s*(?:,|$))/y;
