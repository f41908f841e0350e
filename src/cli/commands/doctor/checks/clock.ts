import { formatDuration } from '../../../io/duration.js';
import { type Finding, pass, warn } from '../finding.js';
import type { RecordedResponse } from '../response-recorder.js';

// Servers tolerate a few seconds in client assertions, but not a minute.
const tolerableSkewMs = 10_000;

/** Compares the clock of this machine with the `Date` of a response (RFC 9110 §6.6.1). No finding without a date. */
export function checkClock(responses: readonly RecordedResponse[]): Finding[] {
  const dated = responses.find(({ date }) => date !== null && !Number.isNaN(Date.parse(date)));
  if (dated === undefined) return [];
  // The date has whole seconds, and the server wrote it between the request and the response.
  const earliest = Date.parse(dated.date as string);
  const skewMs = Math.max(0, dated.sentAt - (earliest + 1_000)) || Math.min(0, dated.receivedAt - earliest);
  if (Math.abs(skewMs) <= tolerableSkewMs) {
    return [pass('the clock of this machine agrees with the clock of the server')];
  }
  const what = `the clock of this machine is ${formatDuration(skewMs)} ${skewMs > 0 ? 'ahead of' : 'behind'} the clock of the server`;
  return [
    warn(
      what,
      'synchronize it by NTP: with clock skew, tokens seem to expire early or late, and the server rejects signed requests',
    ),
  ];
}
