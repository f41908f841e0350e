import { cleanText } from '../../core/clean-text.js';

/** A text of the authorization server, cleaned for a message and without secrets. */
export const readable = (text: string, secrets: readonly string[]): string => cleanText(withoutSecrets(text, secrets));

/** Replaces each secret, in any of its usual encodings, with `[redacted]`. */
export function withoutSecrets(text: string, secrets: readonly string[]): string {
  const spellings = secrets.filter((secret) => secret !== '').flatMap(spellingsOf);
  if (spellings.length === 0) return text;
  // One pass, longest spelling first: a second pass would also search the text `[redacted]`.
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
  // The encoding of fewer bytes may occur in an ordinary word.
  if (bytes.length < 6) return spellings;
  const hex = bytes.toString('hex');
  return [...spellings, hex, hex.toUpperCase(), ...base64Of(bytes, 'base64'), ...base64Of(bytes, 'base64url')];
}

// Base64 depends on how many bytes precede the secret (modulo 3). The characters at both ends depend on other bytes
// too, so they are left out.
function base64Of(bytes: Buffer, encoding: 'base64' | 'base64url'): string[] {
  return [0, 1, 2].map((before) => {
    const encoded = Buffer.concat([Buffer.alloc(before), bytes]).toString(encoding);
    return encoded.slice(Math.ceil((before * 8) / 6), Math.floor(((before + bytes.length) * 8) / 6));
  });
}

// The two digits of a percent-encoded byte may be in either case.
const pattern = (spelling: string): string =>
  spelling
    .replace(/[\\^$.*+?()[\]{}|]/g, '\\$&')
    .replace(/%[\dA-F]{2}/g, (code) => `%(?:${code.slice(1)}|${code.slice(1).toLowerCase()})`);
