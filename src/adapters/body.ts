/** What the various kinds of streams offer to end them, or to detach them. */
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
  // Not awaited: with a clone, the promise waits until the clone was read. A stream that cannot be cancelled has ended.
  body.cancel?.().catch(() => undefined);
  body.destroy?.();
}

/** Ends the body of a `fetch` response, unless the body is being read. */
export function cancelBody(body: ReadableStream | NodeJS.ReadableStream | null): void {
  // Of node-fetch. It is read to its end: to destroy this stream would not free the connection.
  if (body !== null && 'resume' in body) return void body.resume();
  if (body === null || body.locked) return;
  discardStream(body);
}
