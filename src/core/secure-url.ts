/**
 * Parses a URL; returns `undefined` if it is malformed. `URL.canParse` is not used: on Node.js 20 and 22 it rejects
 * URLs with non-ASCII characters once it has been called often enough to be optimised.
 */
export function parseUrl(text: string, base?: string): URL | undefined {
  try {
    return new URL(text, base);
  } catch {
    return undefined;
  }
}

/** Whether requests to this URL are protected in transit: https, or http to a loopback address (RFC 6749 §10.8). */
export function isSecure(url: URL): boolean {
  return url.protocol === 'https:' || (url.protocol === 'http:' && isLoopback(url.hostname));
}

/** Whether a request may go to this URL: it is secure, or http is allowed for its origin. */
export function isPermitted(url: URL, httpOrigins: readonly string[]): boolean {
  return isSecure(url) || (url.protocol === 'http:' && httpOrigins.includes(url.origin));
}

/** Whether the host name of a parsed URL is loopback. The parser has normalized 127.1 and 0x7f.1 to 127.0.0.1. */
export function isLoopback(hostname: string): boolean {
  return hostname === 'localhost' || hostname === '[::1]' || /^127\.\d+\.\d+\.\d+$/.test(hostname);
}

/**
 * The number of pending requests that the library itself sends, by {@link sentUrl}. Adapters add no token to these
 * requests. The map is in `globalThis`, because a global `fetch` or dispatcher serves all copies of the package.
 */
export function ownRequests(): Map<string, number> {
  return ((globalThis as { [requestsKey]?: Map<string, number> })[requestsKey] ??= new Map());
}

const requestsKey = Symbol.for('m2m-tokens.requests');

/** Counts a pending request by its URL, so that no adapter, not even a global one, adds a token to it. */
export async function asOwnRequest<T>(url: string, send: () => Promise<T>): Promise<T> {
  const pending = ownRequests();
  const key = sentUrl(url);
  pending.set(key, (pending.get(key) ?? 0) + 1);
  try {
    return await send();
  } finally {
    const left = (pending.get(key) ?? 1) - 1;
    if (left > 0) pending.set(key, left);
    else pending.delete(key);
  }
}

/** A URL as HTTP clients send it: normalized, without the fragment. */
export function sentUrl(url: string): string {
  const parsed = parseUrl(url);
  if (parsed === undefined) return url;
  parsed.hash = '';
  return parsed.href;
}
