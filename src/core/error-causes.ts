/** The members that are read from a thrown value, which may be an Error of another realm. */
export interface Cause {
  readonly name?: unknown;
  readonly message?: unknown;
  readonly code?: unknown;
}

/** An error and its chain of causes, at most ten in all. */
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

/**
 * Reads the members of an error. `instanceof Error` is not used, because it is false for an error of another realm,
 * such as a Jest VM.
 */
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
