import { parseUrl } from '../../core/secure-url.js';
import type { FetchRequest } from './fetch-request.js';

/** As many redirects as the Fetch standard allows one request. */
export const mostRedirects = 20;

/** Where a reply redirects to, as the server has put it; `undefined` when it does not. */
export function redirectOf(reply: Response): string | undefined {
  const location = redirectStatuses.has(reply.status) ? reply.headers.get('location') : null;
  // Headers are read byte by byte, but URLs in them are UTF-8.
  return location === null ? undefined : Buffer.from(location, 'latin1').toString('utf8');
}

/**
 * The request that follows a redirect.
 * @throws {TypeError} as `fetch` does, when the redirect cannot be followed
 * @see the Fetch standard, "HTTP-redirect fetch"
 */
export function afterRedirect(request: FetchRequest, status: number, location: string): FetchRequest {
  const { url, init, canBodyBeReadAgain } = request;
  const [source, target] = [new URL(url), parseUrl(location, url)];
  if (target === undefined || !/^https?:$/.test(target.protocol)) throw notFollowed(url, 'to what is no HTTP URL');
  target.hash ||= source.hash;

  const method = init.method?.toUpperCase() ?? 'GET';
  const becomesGet = status === 303 ? method !== 'GET' && method !== 'HEAD' : status < 303 && method === 'POST';
  if (!becomesGet && !canBodyBeReadAgain) throw notFollowed(url, 'whose body is a stream and cannot be sent twice');

  const headers = new Headers(init.headers);
  if (becomesGet) ofBody.forEach((name) => headers.delete(name));
  if (target.origin !== source.origin) ofOrigin.forEach((name) => headers.delete(name));
  const next = { ...init, headers: [...headers] };
  return {
    input: target.href,
    url: target.href,
    init: becomesGet ? { ...next, method: 'GET', body: null } : next,
    canBodyBeReadAgain: true,
  };
}

/** The error of a request that cannot go on after a redirect. */
export function notFollowed(url: string, why: string): TypeError {
  return new TypeError('fetch failed', { cause: new Error(`${new URL(url).origin} redirects a request ${why}`) });
}

/** The same reply, which says now that it came after a redirect. */
export function asRedirected(reply: Response): Response {
  return Object.defineProperty(reply, 'redirected', { value: true });
}

const redirectStatuses = new Set([301, 302, 303, 307, 308]);
const ofBody = ['content-encoding', 'content-language', 'content-length', 'content-location', 'content-type'];
const ofOrigin = ['authorization', 'cookie', 'host', 'proxy-authorization'];
