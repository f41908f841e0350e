/** The JSON object that a body holds, or `undefined` when it holds anything else. A byte order mark is skipped. */
export function parseObject(body: string): Readonly<Record<string, unknown>> | undefined {
  try {
    const parsed: unknown = JSON.parse(body.replace(/^\ufeff/, ''));
    const isObject = typeof parsed === 'object' && parsed !== null && !Array.isArray(parsed);
    return isObject ? (parsed as Record<string, unknown>) : undefined;
  } catch {
    return undefined;
  }
}

/** Whether a value is an error code as OAuth has them (RFC 6749 §5.2): %x20-21 / %x23-5B / %x5D-7E. */
export function isErrorCode(value: unknown): value is string {
  return typeof value === 'string' && /^[\x20\x21\x23-\x5b\x5d-\x7e]{1,100}$/.test(value);
}
