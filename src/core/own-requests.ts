import { parseUrl } from './secure-url.js';

/**
 * The requests of this library that are under way, by URL. In `globalThis`, because two copies of the package may meet: a
 * global `fetch` or dispatcher that is authorized must not authorize the token request of the other copy either.
 */
const key = Symbol.for('m2m-tokens.requests');
const holder = globalThis as { [key]?: Map<string, number> };

/** Runs a request of the library itself. Meanwhile no adapter authorizes a request to its URL. */
export async function asOwnRequest<T>(url: string, send: () => Promise<T>): Promise<T> {
  const underWay = (holder[key] ??= new Map<string, number>());
  const name = normalized(url);
  underWay.set(name, (underWay.get(name) ?? 0) + 1);
  try {
    return await send();
  } finally {
    const left = (underWay.get(name) ?? 1) - 1;
    if (left === 0) underWay.delete(name);
    else underWay.set(name, left);
  }
}

/** Whether a request to this absolute URL is one of the library itself. */
export function isOwnRequest(url: string): boolean {
  const underWay = holder[key];
  return underWay !== undefined && underWay.size > 0 && underWay.has(normalized(url));
}

// HTTP clients normalize a URL, and send no fragment.
function normalized(url: string): string {
  const parsed = parseUrl(url);
  if (parsed === undefined) return url;
  parsed.hash = '';
  return parsed.href;
}
