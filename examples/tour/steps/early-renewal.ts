import { outcomeOf, type StepContext } from '../step-context.js';
import { steadyTraffic } from '../steady-traffic.js';
import { counted } from '../timeline.js';

/** Steady traffic for longer than the lifetime of a token: no call fails, and no call waits for a grant. */
export async function earlyRenewal({ server, connect, recorder, timeline }: StepContext): Promise<void> {
  timeline.step('A token is renewed in the background before it expires');
  const { tokens, orders } = connect(server.shortLived);
  const first = await tokens.getToken();
  const since = recorder.count();
  // Longer than the lifetime of the first token.
  const forMs = first.remainingMs() + 0.1 * (first.expiresAt - first.issuedAt);
  timeline.note(`a GET every 40 ms for ${(forMs / 1_000).toFixed(1)} s; the token expires before that`);
  const waitedBefore = tokens.waited;

  const traffic = await steadyTraffic(() => outcomeOf(orders.get('/orders')), { everyMs: 40, forMs });

  const earlyMs = first.expiresAt - (await tokens.getToken()).issuedAt;
  const { granted, responses } = since();
  timeline.note(`the first token has expired; ${traffic.calls} calls, the slowest took ${ms(traffic.slowestMs)}`);
  timeline.verdict(
    counted('failed:', traffic.outcomes.filter((outcome) => outcome !== '200').length, 0),
    counted('API requests:', responses.length, traffic.calls),
    counted('grants:', granted, 1),
    { text: `renewed ${(earlyMs / 1_000).toFixed(1)} s early`, holds: earlyMs > 0 },
    counted('calls that waited for a grant:', tokens.waited - waitedBefore, 0),
  );
}

const ms = (duration: number): string => `${duration.toFixed(duration < 10 ? 1 : 0)} ms`;
