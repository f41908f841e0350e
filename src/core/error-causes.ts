/** What can be read from a thrown value, which need not be an Error of this realm. */
export interface Cause {
  readonly name?: unknown;
  readonly message?: unknown;
  readonly code?: unknown;
}

/** An error and its chain of causes, up to ten. */
export function causesOf(error: unknown): readonly Cause[] {
  const causes: Cause[] = [];
  for (
    let cause = error;
    typeof cause === 'object' && cause !== null && causes.length < 10;
    cause = 'cause' in cause ? cause.cause : undefined
  ) {
    causes.push(cause);
  }
  return causes;
}

/** The members of an error. Not by `instanceof Error`: an error may come from another realm, a Jest VM for one. */
export function toErrorLike(value: unknown): { name: string; message: string; code?: string; cause?: unknown } {
  if (typeof value !== 'object' || value === null) return { name: 'Error', message: 'unknown cause' };
  const { name, message, code, cause } = value as Record<string, unknown>;
  return {
    name: typeof name === 'string' ? name : 'Error',
    message: typeof message === 'string' ? message : 'unknown cause',
    ...(typeof code === 'string' && { code }),
    ...(cause !== undefined && { cause }),
  };
}
