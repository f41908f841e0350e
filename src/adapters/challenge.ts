/** One challenge of a `WWW-Authenticate` field (RFC 9110 §11.6.1). */
export interface Challenge {
  /** In lower case. */
  readonly scheme: string;
  /** By their names in lower case. */
  readonly parameters: ReadonlyMap<string, string>;
}

/** Schemes in lower case that ask for other credentials than a token. */
export const otherCredentials: ReadonlySet<string> = new Set(['basic', 'digest', 'negotiate', 'ntlm']);

/** Errors that another token does not mend (RFC 6750 §3.1, RFC 9449 §7.1 and §9). */
const otherErrors = new Set(['insufficient_scope', 'invalid_request', 'use_dpop_nonce', 'invalid_dpop_proof']);

/**
 * Whether a response rejects the token: a 401, unless its challenges ask for more scope, another request or proof, or for other
 * credentials only. APIs use schemes and errors of their own, such as `OAuth2` and `expired_token`: these reject the token.
 */
export function rejectsToken(status: number, wwwAuthenticate: string | undefined): boolean {
  if (status !== 401) return false;
  const challenges = parseChallenges(wwwAuthenticate ?? '');
  const forTokens = challenges.filter(({ scheme }) => !otherCredentials.has(scheme));
  const errors = forTokens.flatMap(({ parameters }) => parameters.get('error')?.toLowerCase().replace(' ', '_') ?? []);
  if (errors.length > 0) return errors.some((error) => !otherErrors.has(error));
  return challenges.length === 0 || forTokens.length > 0;
}

/** Whether a `WWW-Authenticate` field asks for a proof with the nonce of the same response (RFC 9449 §9). */
export function asksForNonce(wwwAuthenticate: string | undefined): boolean {
  return parseChallenges(wwwAuthenticate ?? '').some(
    ({ scheme, parameters }) => scheme === 'dpop' && parameters.get('error') === 'use_dpop_nonce',
  );
}

/**
 * The challenges of a `WWW-Authenticate` field, several fields joined by commas (RFC 9110 §11.2: `scheme`, then a
 * token68 or a list of parameters; also values in single quotes). Ends at the first part that does not parse; never throws.
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

// Sticky: each pattern is tried at the current position only.
const token = "[!#$%&'*+.^_`|~0-9A-Za-z-]+";
const separators = /[\s,]*/y;
const parameterPattern = new RegExp(
  `(?<name>${token})\\s*=\\s*(?:"(?<quoted>(?:[^"\\\\]|\\\\.)*)"|'(?<single>[^']*)'|(?<bare>${token}))(?=\\s*(?:,|$))`,
  'sy',
);
const schemePattern = new RegExp(`(?<scheme>${token})(?=\\s|,|$)`, 'y');
const token68Pattern = / +[A-Za-z0-9._~+/-]+=*(?=\s*(?:,|$))/y;
