import { isStream } from '../body.js';

/** A request as `fetch` takes it: two arguments, and what they say. */
export interface FetchRequest {
  /** The URL, or the `Request` of the caller. */
  readonly input: string | Request;
  /** All that is asked for, also what `input` says; a body that it alone has can be read once only. */
  readonly init: FetchInit;
  readonly url: string;
  readonly canBodyBeReadAgain: boolean;
}

/** Headers as a list of pairs or a plain object. */
export interface FetchInit extends RequestInit {
  headers: [string, string][] | Record<string, string>;
}

// What is copied by a spread and gets something else afterwards has a place for that from the beginning: V8 takes a microsecond
// to add to what it makes of a spread. And what few requests need is in functions of its own: V8 makes one piece of machine code
// of the way of all others if that is short.

/** What `fetch(input, init)` asks for. Nothing that the caller may change afterwards is part of it, but for the body. */
export function fetchRequest(input: string | URL | Request, init: RequestInit): FetchRequest {
  if (isRequest(input)) return requestAsSaid(input, init);
  const url = String(input);
  const headers = copyOf(init.headers);
  const said = { headers, ...init } as FetchInit;
  said.headers = headers;
  return { input: url, url, init: said, canBodyBeReadAgain: !isStream(init.body) };
}

function requestAsSaid(input: Request, init: RequestInit): FetchRequest {
  // These are getters of its prototype, which a spread does not see.
  const { method, signal, redirect, cache, credentials, integrity, keepalive, mode, referrer, referrerPolicy } = input;
  const said = { method, signal, redirect, cache, credentials, integrity, keepalive, mode, referrer, referrerPolicy };
  const headers = copyOf(init.headers ?? input.headers);
  return {
    input,
    url: input.url,
    init: { ...said, ...definedIn(init), headers },
    canBodyBeReadAgain: init.body == null ? input.body === null : !isStream(init.body),
  };
}

/**
 * The same request, with the body of its `Request` in memory if that is where it comes from. Like `fetch` itself, this leaves
 * a `Request` whose body is used.
 */
export async function withBodyInMemory(request: FetchRequest): Promise<FetchRequest> {
  const { input, init } = request;
  if (typeof input === 'string' || input.body === null || init.body != null) return request;
  let copy: Request;
  try {
    // Nothing else tells whether a body comes from a stream: in this mode the constructor refuses those, and it does so
    // before it touches them (Fetch standard, "new Request(input, init)", step 38).
    copy = new (input.constructor as typeof Request)(input, { method: 'POST', mode: 'no-cors' });
  } catch {
    return request;
  }
  // Not the bytes themselves: fetch of Node 20 cannot follow a redirect with those. Without a type it adds no header.
  const body = new Blob([await copy.arrayBuffer()]);
  return { ...request, init: { ...init, body }, canBodyBeReadAgain: true };
}

/** Whether the caller has set `Authorization`, in whatever case. */
export function hasAuthorization({ headers }: FetchInit): boolean {
  const names = Array.isArray(headers) ? headers.map(([name]) => name) : Object.keys(headers);
  return names.some((name) => name.length === 13 && name.toLowerCase() === 'authorization');
}

/** The headers, of which none is `Authorization`, and those that present a token. */
export function headersWith(
  { headers }: FetchInit,
  authorization: string,
  proof: string | undefined,
): [string, string][] | Record<string, string> {
  if (proof === undefined && !Array.isArray(headers)) return { authorization, ...headers };
  return joined(headers, proof === undefined ? { authorization } : { authorization, dpop: proof });
}

function joined(headers: FetchInit['headers'], credentials: Record<string, string>): FetchInit['headers'] {
  return Array.isArray(headers)
    ? [...headers, ...Object.entries(credentials)]
    : Object.assign({}, headers, credentials);
}

// Of another implementation, too.
function isRequest(input: string | URL | Request): input is Request {
  return typeof input === 'object' && 'url' in input;
}

// A member that is undefined is none (Web IDL, "dictionary types"); it must not replace what the Request says.
function definedIn(init: RequestInit): RequestInit {
  return Object.fromEntries(Object.entries(init).filter(([, value]) => value !== undefined));
}

// Not as Headers: fetch is the quickest with a plain object.
function copyOf(headers: NonNullable<RequestInit['headers']> = {}): FetchInit['headers'] {
  return Symbol.iterator in headers ? ([...headers] as [string, string][]) : { ...(headers as Record<string, string>) };
}
