import { parseUrl } from '../../core/secure-url.js';
import { isStream } from '../body.js';

/** The two arguments of a call of `fetch`, and the URL that they name. */
export interface FetchCall {
  /** A `Request` whose body is not read yet, or the URL. */
  input: string | Request;
  readonly url: string;
  /** All members of the request, but not the body of `input`. */
  readonly init: FetchInit;
}

/** An `init` with a mode, whose headers are a list of pairs or a plain object. */
export interface FetchInit extends RequestInit {
  readonly redirect: NonNullable<RequestInit['redirect']>;
  readonly headers: [string, string][] | Record<string, string>;
}

/** Where a response redirects to, as the server has written it; `undefined` for a response that does not redirect. */
export function locationOf(response: Response): string | undefined {
  const location = redirectStatuses.has(response.status) ? response.headers.get('location') : null;
  // Headers are decoded as Latin-1, but a URL in them is UTF-8.
  return location === null ? undefined : Buffer.from(location, 'latin1').toString('utf8');
}

/**
 * The call that follows a redirect.
 * @throws {TypeError} as `fetch` does, when the redirect cannot be followed
 * @see the Fetch standard, "HTTP-redirect fetch"
 */
export async function afterRedirect(call: FetchCall, status: number, location: string): Promise<FetchCall> {
  const { url, init } = call;
  const [source, target] = [new URL(url), parseUrl(location, url)];
  if (target === undefined || !/^https?:$/.test(target.protocol)) throw notFollowed(url, 'to what is no HTTP URL');
  target.hash ||= source.hash;

  const method = init.method?.toUpperCase() ?? 'GET';
  const becomesGet = status === 303 ? method !== 'GET' && method !== 'HEAD' : status < 303 && method === 'POST';
  if (!becomesGet && isStream(init.body)) throw notFollowed(url, 'whose body is a stream and cannot be sent twice');

  const headers = new Headers(init.headers);
  if (becomesGet) ofBody.forEach((name) => headers.delete(name));
  if (target.origin !== source.origin) ofOrigin.forEach((name) => headers.delete(name));
  const next = { ...init, headers: [...headers] };
  return {
    input: target.href,
    url: target.href,
    init: becomesGet ? { ...next, method: 'GET', body: null } : { ...next, body: await bodyOf(call) },
  };
}

/** The error of a redirect that cannot be followed. */
export function notFollowed(url: string, why: string): TypeError {
  return new TypeError('fetch failed', { cause: new Error(`${new URL(url).origin} redirects a request ${why}`) });
}

/** The same response, with `redirected` set. */
export function asRedirected(response: Response): Response {
  return Object.defineProperty(response, 'redirected', { value: true });
}

async function bodyOf({ input, init }: FetchCall): Promise<NonNullable<RequestInit['body']> | null> {
  if (init.body != null || typeof input === 'string' || input.body === null) return init.body ?? null;
  const bytes = await input.arrayBuffer();
  // fetch of Node 20 cannot follow a redirect with bytes, and node-fetch cannot send a Blob. Without a type it adds no header.
  return 'getReader' in input.body ? new Blob([bytes]) : Buffer.from(bytes);
}

const redirectStatuses = new Set([301, 302, 303, 307, 308]);
const ofBody = ['content-encoding', 'content-language', 'content-length', 'content-location', 'content-type'];
const ofOrigin = ['authorization', 'cookie', 'host', 'proxy-authorization'];
