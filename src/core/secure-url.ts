/**
 * The URL that a text holds, or `undefined` when it holds none. Not `URL.canParse`: on Node 20 and 22 that begins to refuse
 * URLs with other than ASCII characters once it was called often enough to be optimised.
 */
export function parseUrl(text: string, base?: string): URL | undefined {
  try {
    return new URL(text, base);
  } catch {
    return undefined;
  }
}

/** Whether nobody on the way can read what is sent there: https, or http that stays on this machine. (RFC 6749 §10.8) */
export function isSecure(url: URL): boolean {
  return url.protocol === 'https:' || (url.protocol === 'http:' && isLoopback(url.hostname));
}

// The URL parser has already turned 127.1, 0x7f.1 and the like into four decimal numbers.
function isLoopback(hostname: string): boolean {
  return hostname === 'localhost' || hostname === '[::1]' || /^127\.\d+\.\d+\.\d+$/.test(hostname);
}
