import { CommandError } from './command-error.js';

const units = { ms: 1, s: 1_000, m: 60_000, h: 3_600_000, d: 86_400_000 } as const;

/**
 * The milliseconds of a duration such as `250ms`, `60s`, `5m`, `1h` or `2d`.
 * @throws {CommandError} if the text is not a duration
 */
export function parseDuration(text: string): number {
  const [, amount, unit] = /^(\d+(?:\.\d+)?)(ms|s|m|h|d)$/.exec(text) ?? [];
  if (amount === undefined) {
    throw new CommandError(`"${text}" is not a duration`, { advice: 'write a number and a unit: 60s, 5m, 1h or 2d' });
  }
  return Number(amount) * units[unit as keyof typeof units];
}

/** Formats a duration with its two largest units: `1 h 30 min`, `59 s`. */
export function formatDuration(ms: number): string {
  const seconds = Math.round(Math.abs(ms) / 1_000);
  const parts = [
    [Math.floor(seconds / 31_536_000), 'y'],
    [Math.floor(seconds / 86_400) % 365, 'd'],
    [Math.floor(seconds / 3_600) % 24, 'h'],
    [Math.floor(seconds / 60) % 60, 'min'],
    [seconds % 60, 's'],
  ] as const;
  const first = parts.findIndex(([amount]) => amount > 0);
  if (first < 0) return '0 s';
  return parts
    .slice(first, first + 2)
    .filter(([amount]) => amount > 0)
    .map(([amount, unit]) => `${amount} ${unit}`)
    .join(' ');
}
