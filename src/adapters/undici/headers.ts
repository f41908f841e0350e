/** Headers by name; a list for a name that occurs more than once. */
export type HeaderRecord = Record<string, string | string[] | undefined>;

/** The headers of a response by their names in lower case; with undici 7 a list of names and values, as received. */
export type ReceivedHeaders = Readonly<HeaderRecord> | readonly Buffer[];

/** The headers of a response as an object. */
export function responseHeaders(received: ReceivedHeaders): Readonly<HeaderRecord> {
  if (!isRaw(received)) return received;
  const texts = received.map((part) => part.toString('latin1'));
  return recordOf(texts.map((text, at) => (at % 2 === 0 ? text.toLowerCase() : text)));
}

/** The value of a header; several are joined by commas. */
export function headerOf(received: ReceivedHeaders, name: string): string | undefined {
  // Most responses do not have the header. Comparing lengths first avoids decoding all headers.
  const mayExist = !isRaw(received) || received.some(({ length }, at) => at % 2 === 0 && length === name.length);
  return mayExist ? responseHeaders(received)[name.toLowerCase()]?.toString() : undefined;
}

const isRaw = (received: ReceivedHeaders): received is readonly Buffer[] => Array.isArray(received);

/** An object of names and values in turn. */
export function recordOf(namesAndValues: readonly unknown[]): HeaderRecord {
  // Without a prototype: a header may be called "constructor".
  const record = Object.create(null) as HeaderRecord;
  for (let at = 0; at < namesAndValues.length; at += 2) {
    const [name, value] = [String(namesAndValues[at]), namesAndValues[at + 1] as string | string[] | undefined];
    record[name] = name in record ? [record[name] ?? [], value ?? []].flat() : value;
  }
  return record;
}
