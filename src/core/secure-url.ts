/**
 * Parses a URL; returns `undefined` if the text is none. `URL.canParse` is not used: on Node 20 and 22 it rejects URLs with
 * non-ASCII characters once it has been called often enough to be optimised.
 */
export function parseUrl(text: string, base?: string): URL | undefined {
  try {
    return new URL(text, base);
  } catch {
    return undefined;
  }
}

/** Whether a request to this URL cannot be read on its way: https, or http to this machine (RFC 6749 §10.8). */
export function isSecure(url: URL): boolean {
  return url.protocol === 'https:' || (url.protocol === 'http:' && isLoopback(url.hostname));
}

/** Whether a request may go to this URL: it cannot be read on its way, or http is allowed to its origin. */
export function isPermitted(url: URL, httpOrigins: readonly string[]): boolean {
  return isSecure(url) || (url.protocol === 'http:' && httpOrigins.includes(url.origin));
}

/** Whether a host name of a parsed URL is this machine. The parser has turned 127.1 and 0x7f.1 into four decimal numbers. */
export function isLoopback(hostname: string): boolean {
  return hostname === 'localhost' || hostname === '[::1]' || /^127\.\d+\.\d+\.\d+$/.test(hostname);
}

/**
 * The number of the library's own requests under way, by {@link sentUrl}. No adapter authorizes these requests. In `globalThis`,
 * since a global `fetch` or dispatcher serves all copies of the package.
 */
export function ownRequests(): Map<string, number> {
  return ((globalThis as { [requestsKey]?: Map<string, number> })[requestsKey] ??= new Map());
}

const requestsKey = Symbol.for('m2m-tokens.requests');

/** A URL as HTTP clients send it: normalized, without the fragment. */
export function sentUrl(url: string): string {
  const parsed = parseUrl(url);
  if (parsed === undefined) return url;
  parsed.hash = '';
  return parsed.href;
}
