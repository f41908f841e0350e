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

/** Whether the caller has set `Authorization`, in whatever case; undici leaves out what is `undefined`. */
export function hasAuthorization(headers: HeaderRecord): boolean {
  for (const name in headers) {
    if (name.length === 13 && name.toLowerCase() === 'authorization' && headers[name] !== undefined) return true;
  }
  return false;
}

/** The headers of a reply by their names in lower case, from names and values in turn as they came over the wire. */
export function rawHeaders(raw: readonly Buffer[]): HeaderRecord {
  return recordOf(
    raw.map((part, at) => (at % 2 === 0 ? part.toString('latin1').toLowerCase() : part.toString('latin1'))),
  );
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
