/** The lifetime of a token. */
export interface Lifetime {
  readonly seconds: number;
  /** Whether the authorization server announced a token that never expires. */
  readonly isCapped: boolean;
}

const maxSeconds = 10 * 365 * 24 * 60 * 60;
const cappedSeconds = 24 * 60 * 60;
// It means "never", but it is also a Unix time in the year 2038.
const never = 2 ** 31 - 1;

/**
 * Reads `expires_in`. Servers announce "never expires" as 2^31-1 or 2^63/1000; such a token counts as valid for 24 hours.
 * `undefined` if the number is a Unix time within ten years of now, in seconds or in milliseconds: then its meaning is unclear.
 */
export function readLifetime(expiresIn: number, nowMs: number): Lifetime | undefined {
  if (expiresIn <= maxSeconds) return { seconds: expiresIn, isCapped: false };
  const isNear = (timeMs: number): boolean => Math.abs(timeMs - nowMs) <= maxSeconds * 1_000;
  const isDate = expiresIn !== never && (isNear(expiresIn * 1_000) || isNear(expiresIn));
  return isDate ? undefined : { seconds: cappedSeconds, isCapped: true };
}
