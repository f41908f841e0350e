const form = /^([+-]?)(?=\d)(?:(\d+)d)?(?:(\d+)h)?(?:(\d+)m(?!s))?(?:(\d+)s)?(?:(\d+)ms)?$/;
const unitsMs = [86_400_000, 3_600_000, 60_000, 1_000, 1];
const names = ['d', 'h', 'm', 's', 'ms'];

/** Milliseconds of a text such as `59m30s`, `200ms` or `-1h`; `undefined` if it is not a duration. */
export function parseDuration(text: string): number | undefined {
  const [whole, sign, ...counts] = form.exec(text) ?? [];
  if (whole === undefined) return undefined;
  const ms = counts.reduce((sum, count, index) => sum + Number(count ?? 0) * (unitsMs[index] as number), 0);
  return sign === '-' ? -ms : ms;
}

/** The text of a duration of whole milliseconds, in the largest units. */
export function formatDuration(ms: number): string {
  let rest = Math.abs(Math.round(ms));
  const parts = unitsMs.map((unitMs, index) => {
    const count = Math.floor(rest / unitMs);
    rest -= count * unitMs;
    return count === 0 ? '' : `${count}${names[index]}`;
  });
  return (ms < 0 ? '-' : '') + (parts.join('') || '0s');
}
