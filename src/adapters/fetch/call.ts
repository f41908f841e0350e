/** The two arguments of a call of `fetch`, and its URL. */
export interface FetchCall {
  /** A `Request` whose body is not read yet, or the URL. */
  input: string | Request;
  readonly url: string;
  /** All members of the request, but not the body of `input`. */
  readonly init: FetchInit;
}

/** An `init` with a redirect mode, whose headers are a list of pairs or a plain object. */
export interface FetchInit extends RequestInit {
  readonly redirect: NonNullable<RequestInit['redirect']>;
  readonly headers: [string, string][] | Record<string, string>;
}

/** Copies the arguments of `fetch`, so that the caller may change them afterwards. `url` is the URL of `input`. */
export function fetchCall(input: string | URL | Request, url: string, given: RequestInit): FetchCall {
  const init = plainInit(given);
  const headers = copyOf(init.headers ?? (isRequest(input) ? input.headers : {}));
  if (!isRequest(input)) return { input: url, url, init: initWith(headers, init.redirect ?? 'follow', init) };
  // The members of a Request are getters of its prototype, which a spread does not copy.
  const { method, signal, redirect, cache, credentials, integrity, keepalive, mode, referrer, referrerPolicy } = input;
  const own = { method, signal, redirect, cache, credentials, integrity, keepalive, mode, referrer, referrerPolicy };
  // A member of `init` that is undefined does not replace the member of the Request (Web IDL, "dictionary types").
  const defined = Object.fromEntries(Object.entries(init).filter(([, value]) => value !== undefined));
  const merged = { ...own, ...defined };
  return { input, url, init: initWith(headers, merged.redirect, merged) };
}

/** Returns a plain object. `fetch` reads the members by name, so `init` may inherit them, or be a Request (Web IDL). */
function plainInit(init: RequestInit): RequestInit {
  if (Object.getPrototypeOf(init) === Object.prototype) return init;
  const names = 'body cache credentials dispatcher duplex headers integrity keepalive method mode redirect'.split(' ');
  names.push('referrer', 'referrerPolicy', 'signal');
  for (const name in init) names.push(name);
  return Object.fromEntries(names.filter((name) => name in init).map((name) => [name, Reflect.get(init, name)]));
}

/** Clones a `Request` with a body, which can be sent only once, for the next send. This keeps the body in memory. */
export function copyForNextSend(call: FetchCall): void {
  const { input, init } = call;
  if (typeof input !== 'string' && input.body !== null && init.body == null) call.input = input.clone();
}

/** The URL of the first argument of `fetch`. */
export const urlOf = (input: string | URL | Request): string => (isRequest(input) ? input.url : String(input));

const isRequest = (input: unknown): input is Request =>
  typeof input === 'object' && Object.prototype.toString.call(input) === '[object Request]';

const copyOf = (headers: NonNullable<RequestInit['headers']>): FetchInit['headers'] =>
  Symbol.iterator in headers
    ? Array.from(headers as [string, string][], (pair) =>
        typeof pair === 'object' ? ([...pair] as typeof pair) : pair,
      )
    : { ...(headers as Record<string, string>) };

/** Copies `init` with other headers and redirect mode. A spread with more members takes several times as long. */
export function initWith(headers: FetchInit['headers'], redirect: FetchInit['redirect'], init: RequestInit): FetchInit {
  const copy: FetchInit & Record<string, unknown> = { headers, redirect };
  for (const name in init) if (!(name in copy)) copy[name] = init[name as keyof RequestInit];
  return copy;
}
