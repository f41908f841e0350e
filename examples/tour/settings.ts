import type { EventSink } from 'm2m-tokens';
import { pino } from 'pino';

/** The options that all token services of the tour have, with a logger that writes to `lines`. */
export function settingsOf(issuer: string, onEvent: EventSink, lines: string[]) {
  const file = { write: (line: string) => void lines.push(line.trimEnd()) };
  // #region
  const logger = pino({ level: 'debug', base: null }, file);
  const scope = 'orders:read orders:write';
  const settings = { issuer, scope, logger, onEvent }; // createTokenService
  // #endregion
  return settings;
}
