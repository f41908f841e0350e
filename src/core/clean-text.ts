const maxLength = 300;

/**
 * An external text, cleaned for a message: limited to the characters that RFC 6749 §5.2 allows in an error description
 * (%x20-21 / %x23-5B / %x5D-7E), and to 300 of them.
 */
export function cleanText(text: string): string {
  const cleaned = text.replace(/[^\x20\x21\x23-\x5b\x5d-\x7e]+/g, ' ').trim();
  return cleaned.length > maxLength ? `${cleaned.slice(0, maxLength - 1)}…` : cleaned;
}

/** A list of external texts, cleaned for a message. */
export const cleanList = (texts: readonly unknown[]): string => cleanText(texts.map(String).join(', '));

/** A URL for a message: without user and password, and without its query, which may hold a secret too. */
export function cleanUrl(url: string | URL): string {
  try {
    const { origin, protocol, host, pathname } = new URL(url);
    return cleanText(`${origin === 'null' ? `${protocol}//${host}` : origin}${pathname}`);
  } catch {
    return cleanText(String(url).replace(/^[^]*@/, ''));
  }
}

/** An issuer or an audience for a message: as written, but without user, password and query. */
export const cleanIssuer = (issuer: string): string =>
  cleanText(issuer.replace(/\/\/[^/?#]*@/, '//').replace(/\?[^]+$/, '?...'));
