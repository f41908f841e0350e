import { formatDuration } from '../../../io/duration.js';
import { doubtful, type Finding, good } from '../finding.js';
import type { SeenReply } from '../reply-recorder.js';

// Servers take assertions that are a little early or late; from a minute on they do not.
const tolerableMs = 10_000;

/** This machine's clock against the server's, by the `Date` of its reply (RFC 9110 §6.6.1); nothing without one. */
export function checkClock(replies: readonly SeenReply[]): Finding[] {
  const dated = replies.find(({ date }) => date !== null && !Number.isNaN(Date.parse(date)));
  if (dated === undefined) return [];
  // It has whole seconds, and was written at some time between the two.
  const earliest = Date.parse(dated.date as string);
  const skewMs = Math.max(0, dated.sentAt - (earliest + 1_000)) || Math.min(0, dated.receivedAt - earliest);
  if (Math.abs(skewMs) <= tolerableMs) return [good('the clock of this machine agrees with that of the server')];
  const what = `the clock of this machine is ${formatDuration(skewMs)} ${skewMs > 0 ? 'ahead of' : 'behind'} that of the server`;
  return [doubtful(what, 'have it set by NTP: tokens seem to expire early or late, and signed requests are refused')];
}
