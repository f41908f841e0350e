import { parseUrl } from '../../core/secure-url.js';
import { cancelBody, isStream } from '../body.js';
import type { FetchCall } from './call.js';

const maxRedirects = 20; // As in the Fetch standard.

/**
 * Follows the redirects of a response, if the redirect mode of the call is `follow`. `send` must not follow redirects
 * itself. A response that does not redirect is returned without a promise.
 * @throws {TypeError} as `fetch` does, when a redirect cannot be followed
 */
export function followRedirects(
  call: FetchCall,
  response: Response,
  send: (call: FetchCall) => Promise<Response>,
): Response | Promise<Response> {
  const location = redirectTarget(call, response);
  return location === undefined ? response : follow(call, response, location, send);
}

async function follow(
  first: FetchCall,
  firstResponse: Response,
  firstLocation: string,
  send: (call: FetchCall) => Promise<Response>,
): Promise<Response> {
  let [call, response, location]: [FetchCall, Response, string | undefined] = [first, firstResponse, firstLocation];
  for (let redirects = 0; location !== undefined; redirects += 1) {
    cancelBody(response.body);
    if (redirects === maxRedirects) throw notFollowed(call.url, 'too often');
    call = await afterRedirect(call, response.status, location);
    response = await send(call);
    location = redirectTarget(call, response);
  }
  return asRedirected(response);
}

const redirectTarget = ({ init }: FetchCall, response: Response): string | undefined =>
  init.redirect === 'follow' ? locationOf(response) : undefined;

/** The `Location` of a redirect, as received; `undefined` for a response that does not redirect. */
function locationOf(response: Response): string | undefined {
  const location = redirectStatuses.has(response.status) ? response.headers.get('location') : null;
  // Headers are decoded as Latin-1, but a URL in them is UTF-8.
  return location === null ? undefined : Buffer.from(location, 'latin1').toString('utf8');
}

/**
 * The call that follows a redirect.
 * @throws {TypeError} as `fetch` does, when the redirect cannot be followed
 * @see the Fetch standard, "HTTP-redirect fetch"
 */
async function afterRedirect(call: FetchCall, status: number, location: string): Promise<FetchCall> {
  const { url, init } = call;
  const [source, target] = [new URL(url), parseUrl(location, url)];
  if (target === undefined || !/^https?:$/.test(target.protocol)) throw notFollowed(url, 'to a URL that is not HTTP');
  target.hash ||= source.hash;

  const method = init.method?.toUpperCase() ?? 'GET';
  const becomesGet = status === 303 ? method !== 'GET' && method !== 'HEAD' : status < 303 && method === 'POST';
  if (!becomesGet && isStream(init.body)) throw notFollowed(url, 'whose body is a stream and cannot be sent twice');

  const headers = new Headers(init.headers);
  if (becomesGet) bodyHeaders.forEach((name) => headers.delete(name));
  if (target.origin !== source.origin) originHeaders.forEach((name) => headers.delete(name));
  const next = { ...init, headers: [...headers] };
  return {
    input: target.href,
    url: target.href,
    init: becomesGet ? { ...next, method: 'GET', body: null } : { ...next, body: await bodyOf(call) },
  };
}

/** The error of a redirect that cannot be followed. */
function notFollowed(url: string, why: string): TypeError {
  return new TypeError('fetch failed', { cause: new Error(`${new URL(url).origin} redirects a request ${why}`) });
}

/** The same response, with `redirected` set. */
function asRedirected(response: Response): Response {
  return Object.defineProperty(response, 'redirected', { value: true });
}

async function bodyOf({ input, init }: FetchCall): Promise<NonNullable<RequestInit['body']> | null> {
  if (init.body != null || typeof input === 'string' || input.body === null) return init.body ?? null;
  const bytes = await input.arrayBuffer();
  // fetch of Node 20 cannot redirect bytes, and node-fetch cannot send a Blob. A Blob without a type adds no header.
  return 'getReader' in input.body ? new Blob([bytes]) : Buffer.from(bytes);
}

const redirectStatuses = new Set([301, 302, 303, 307, 308]);
const bodyHeaders = ['content-encoding', 'content-language', 'content-length', 'content-location', 'content-type'];
const originHeaders = ['authorization', 'cookie', 'host', 'proxy-authorization'];
