/** What a stream may offer to whoever wants no more of it. */
export interface StreamBody {
  destroy?(): void;
  cancel?(): Promise<void>;
  unpipe?(): void;
  readonly readableEnded?: boolean;
}

/** Whether a body can be read once only: Node's streams, the form-data package, web streams, asynchronous iterators. */
export function isStream(body: unknown): body is StreamBody {
  return (
    typeof body === 'object' && body !== null && ('pipe' in body || 'getReader' in body || Symbol.asyncIterator in body)
  );
}

/** Ends a stream that nobody will read, so that its connection is free; leaves any other body alone. */
export async function discardStream(body: unknown): Promise<void> {
  if (!isStream(body)) return;
  await body.cancel?.();
  body.destroy?.();
}

/** Ends the body of a reply of `fetch` that nobody will read; one that somebody reads already ends with that. */
export function cancelBody(body: ReadableStream | null): void {
  if (body === null || body.locked) return;
  // Not waited for, since with a clone it lasts until that was read, too. What cannot be cancelled has ended.
  body.cancel().catch(() => undefined);
}

/** Has a stream of Node that was read to its end forget where it was piped to: the request, and by its agent those of others. */
export function letGoOfRequest(body: StreamBody): void {
  if (body.readableEnded) body.unpipe?.();
}
