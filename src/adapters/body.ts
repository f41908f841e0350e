/** The members with which streams of different kinds are ended or detached. */
export interface StreamBody {
  destroy?(): void;
  cancel?(): Promise<void>;
  unpipe?(): void;
  readonly readableEnded?: boolean;
}

/** Whether a body can be read only once: Node's streams, the form-data package, web streams, asynchronous iterators. */
export function isStream(body: unknown): body is StreamBody {
  return (
    typeof body === 'object' && body !== null && ('pipe' in body || 'getReader' in body || Symbol.asyncIterator in body)
  );
}

/** Ends a stream, which frees its connection. Any other body stays as it is. */
export function discardStream(body: unknown): void {
  if (!isStream(body)) return;
  // Not awaited: if the body was cloned, the promise is pending until the clone is read. A rejection means it has ended.
  body.cancel?.().catch(() => undefined);
  body.destroy?.();
}

/** Ends the body of a `fetch` response, unless the body is being read. */
export function cancelBody(body: ReadableStream | NodeJS.ReadableStream | null): void {
  // A stream of node-fetch. Read it to its end: destroying it would not free the connection.
  if (body !== null && 'resume' in body) return void body.resume();
  if (body === null || body.locked) return;
  discardStream(body);
}
