/** The headers of a request or a reply: by name, a list for a name that occurs more than once. */
export type HeaderRecord = Record<string, string | string[] | undefined>;

/**
 * The headers of a request, in whichever of undici's forms, as a new plain object: each interceptor understands that one.
 * Equal names in different case stay apart, as undici sends them.
 */
export function requestHeaders(headers: unknown): HeaderRecord {
  if (typeof headers !== 'object' || headers === null) return {};
  if (!(Symbol.iterator in headers)) return { ...(headers as HeaderRecord) };
  const list = [...(headers as Iterable<unknown>)];
  return recordOf(Array.isArray(list[0]) ? list.flat() : list);
}

/** The headers in another object, with those that present a token. */
export function headersWith(headers: HeaderRecord, authorization: string, proof: string | undefined): HeaderRecord {
  // First, and again for headers that have it as `undefined`: V8 takes a microsecond to add to what it makes of a spread.
  const all: HeaderRecord = { authorization, ...headers };
  all['authorization'] = authorization;
  if (proof !== undefined) all['dpop'] = proof;
  return all;
}

/** A copy of the options of a request, to which other headers can be given. */
export function copyOptions<Options extends { readonly headers?: unknown }>(options: Options): Options {
  // A spread is the faster copy, but V8 takes a microsecond to add to it.
  return options.headers === undefined ? Object.assign({}, options) : { ...options };
}

/** Whether the caller has set `Authorization`, in whatever case; undici leaves out what is `undefined`. */
export function hasAuthorization(headers: HeaderRecord): boolean {
  for (const name in headers) {
    if (name.length === 13 && name.toLowerCase() === 'authorization' && headers[name] !== undefined) return true;
  }
  return false;
}

/** The headers of a reply by their names in lower case, also from a list of names and values as they came over the wire. */
export function replyHeaders(headers: HeaderRecord | readonly Buffer[]): HeaderRecord {
  if (!Array.isArray(headers)) return headers as HeaderRecord;
  const list = (headers as Buffer[]).map((part) => part.toString('latin1'));
  return recordOf(list.map((text, at) => (at % 2 === 0 ? text.toLowerCase() : text)));
}

/** The value of a header, several joined by commas. */
export function headerOf(headers: HeaderRecord, name: string): string | undefined {
  return headers[name.toLowerCase()]?.toString();
}

function recordOf(namesAndValues: readonly unknown[]): HeaderRecord {
  // Without a prototype: a header may be called "constructor".
  const record = Object.create(null) as HeaderRecord;
  for (let at = 0; at < namesAndValues.length; at += 2) {
    const [name, value] = [String(namesAndValues[at]), namesAndValues[at + 1] as string | string[] | undefined];
    record[name] = name in record ? [record[name] ?? [], value ?? []].flat() : value;
  }
  return record;
}
