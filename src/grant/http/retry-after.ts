const maxMs = 60 * 60 * 1_000;

/**
 * The delay that a `Retry-After` field asks for (RFC 9110 §10.2.3: seconds or a date), in milliseconds and at most one hour.
 * `undefined` if the field is absent, malformed, or not in the future.
 */
export function retryAfterMs(field: string | null, now: number): number | undefined {
  const value = field?.trim() ?? '';
  const delayMs = /^\d+$/.test(value) ? Number(value) * 1_000 : httpDate(value) - now;
  return delayMs > 0 ? Math.min(maxMs, delayMs) : undefined;
}

// Date.parse alone reads '-1' and '1.5' as years.
const httpDate = (value: string): number =>
  /^[A-Z][a-z]{2,8},? .*\d{2}:\d{2}:\d{2}/.test(value) ? Date.parse(asUtc(value)) : NaN;

// The asctime format has no time zone and means UTC.
const asUtc = (date: string): string => (date.endsWith('GMT') ? date : `${date} GMT`);
