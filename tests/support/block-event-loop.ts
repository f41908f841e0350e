/** Keeps the event loop busy, as a long computation does: no timer fires and no response is read in the meantime. */
export function blockEventLoop(ms: number): void {
  const end = performance.now() + ms;
  while (performance.now() < end);
}
