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
  const spellings = secrets.flatMap((secret) => [
    secret,
    encodeURIComponent(secret.toWellFormed()),
    formEncoded(secret),
  ]);
  return spellings.reduce(redact, text);
}

const formEncoded = (secret: string): string => new URLSearchParams([['', secret]]).toString().slice(1);

// The two digits after a % may be in either case.
function redact(text: string, spelling: string): string {
  const pattern = spelling.replace(/[\\^$.*+?()[\]{}|]/g, '\\$&');
  const inEitherCase = pattern.replace(
    /%[\dA-F]{2}/g,
    (code) => `%(?:${code.slice(1)}|${code.slice(1).toLowerCase()})`,
  );
  return text.replace(new RegExp(inEitherCase, 'g'), '[redacted]');
}
