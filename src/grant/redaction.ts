/**
 * A text of the authorization server as it may stand in a message: without secrets, with the characters that RFC 6749 §5.2
 * allows only (%x20-21 / %x23-5B / %x5D-7E), and cut to 300 of them.
 */
export function readable(text: string, secrets: readonly string[]): string {
  const cleaned = withoutSecrets(text, secrets)
    .replace(/[^\x20\x21\x23-\x5b\x5d-\x7e]+/g, ' ')
    .trim();
  return cleaned.length > 300 ? `${cleaned.slice(0, 299)}…` : cleaned;
}

/** The text with each secret, also where it is percent-encoded or form-encoded, replaced by `[redacted]`. */
export function withoutSecrets(text: string, secrets: readonly string[]): string {
  const spellings = secrets.filter((secret) => secret !== '').flatMap(spellingsOf);
  if (spellings.length === 0) return text;
  // In one go, the longest first: no secret is looked for in what stands for another one.
  const longestFirst = spellings.toSorted((one, other) => other.length - one.length);
  return text.replace(new RegExp(longestFirst.map(pattern).join('|'), 'g'), '[redacted]');
}

const spellingsOf = (secret: string): string[] => [
  secret,
  encodeURIComponent(secret.toWellFormed()),
  new URLSearchParams([['', secret]]).toString().slice(1),
];

// The two digits after a % may be in either case.
const pattern = (spelling: string): string =>
  spelling
    .replace(/[\\^$.*+?()[\]{}|]/g, '\\$&')
    .replace(/%[\dA-F]{2}/g, (code) => `%(?:${code.slice(1)}|${code.slice(1).toLowerCase()})`);
