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

/** The text with each secret, in whichever of the usual encodings it is repeated, replaced by `[redacted]`. */
export function withoutSecrets(text: string, secrets: readonly string[]): string {
  const spellings = secrets.filter((secret) => secret !== '').flatMap(spellingsOf);
  if (spellings.length === 0) return text;
  // In one go, the longest first: no secret is looked for in what stands for another one.
  const longestFirst = spellings.toSorted((one, other) => other.length - one.length);
  return text.replace(new RegExp(longestFirst.map(pattern).join('|'), 'g'), '[redacted]');
}

function spellingsOf(secret: string): string[] {
  const wellFormed = secret.toWellFormed();
  const escaped = JSON.stringify(secret).slice(1, -1);
  const spellings = [
    secret,
    escaped,
    JSON.stringify(escaped).slice(1, -1),
    encodeURI(wellFormed),
    encodeURIComponent(wellFormed),
    new URLSearchParams([['', secret]]).toString().slice(1),
  ];
  const bytes = Buffer.from(secret, 'utf8');
  // What comes of fewer bytes may be part of any word.
  if (bytes.length < 6) return spellings;
  const hex = bytes.toString('hex');
  return [...spellings, hex, hex.toUpperCase(), ...base64Of(bytes, 'base64'), ...base64Of(bytes, 'base64url')];
}

// Three spellings, by what stands before the bytes in the encoded text; without the characters that this has a part in.
function base64Of(bytes: Buffer, encoding: 'base64' | 'base64url'): string[] {
  return [0, 1, 2].map((before) => {
    const encoded = Buffer.concat([Buffer.alloc(before), bytes]).toString(encoding);
    return encoded.slice(Math.ceil((before * 8) / 6), Math.floor(((before + bytes.length) * 8) / 6));
  });
}

// The two digits after a % may be in either case.
const pattern = (spelling: string): string =>
  spelling
    .replace(/[\\^$.*+?()[\]{}|]/g, '\\$&')
    .replace(/%[\dA-F]{2}/g, (code) => `%(?:${code.slice(1)}|${code.slice(1).toLowerCase()})`);
