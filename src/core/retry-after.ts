const maxMs = 60 * 60 * 1_000;

/**
 * The delay that the `Retry-After` field of a response asks for (RFC 9110 §10.2.3: seconds or a date), in milliseconds
 * and at most one hour. A date is compared with the `Date` of the response, because the local clock may be wrong;
 * without `Date`, with `now`. `undefined` if the field is absent, malformed, or not in the future.
 */
export function retryAfterMs(headers: Pick<Headers, 'get'>, now: number): number | undefined {
  const value = headers.get('retry-after')?.trim() ?? '';
  const isSeconds = /^\d+$/.test(value);
  const delayMs = isSeconds ? Number(value) * 1_000 : httpDate(value) - respondedAt(headers, now);
  return delayMs > 0 ? Math.min(maxMs, delayMs) : undefined;
}

function respondedAt(headers: Pick<Headers, 'get'>, now: number): number {
  const date = httpDate(headers.get('date')?.trim() ?? '');
  return Number.isNaN(date) ? now : date;
}

// Date.parse alone reads '-1' and '1.5' as years.
const httpDate = (value: string): number =>
  /^[A-Z][a-z]{2,8},? .*\d{2}:\d{2}:\d{2}/.test(value) ? Date.parse(asUtc(value)) : NaN;

// The asctime format has no time zone and means UTC.
const asUtc = (date: string): string => (date.endsWith('GMT') ? date : `${date} GMT`);
