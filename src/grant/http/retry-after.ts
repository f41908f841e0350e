const maxMs = 60 * 60 * 1_000;

/**
 * How long a `Retry-After` field asks to wait (RFC 9110 §10.2.3: seconds or a date), in milliseconds and believed up to an
 * hour; `undefined` when there is none or it makes no sense.
 */
export function retryAfterMs(field: string | null, now: number): number | undefined {
  const value = field?.trim() ?? '';
  const delayMs = /^\d+$/.test(value) ? Number(value) * 1_000 : httpDate(value) - now;
  // Zero, or a date that is past, says nothing of when to come back.
  return delayMs > 0 ? Math.min(maxMs, delayMs) : undefined;
}

// Date.parse alone takes '-1' or '1.5' for a year.
const httpDate = (value: string): number =>
  /^[A-Z][a-z]{2,8},? .*\d{2}:\d{2}:\d{2}/.test(value) ? Date.parse(asUtc(value)) : NaN;

// The asctime form names no zone and means UTC too.
const asUtc = (date: string): string => (date.endsWith('GMT') ? date : `${date} GMT`);
