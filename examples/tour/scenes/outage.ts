import { setTimeout as delay } from 'node:timers/promises';

import { counted } from '../print/fact.js';
import { shownCode } from '../print/shown-code.js';
import { threeClients } from '../three-clients.js';
import { startTraffic } from '../traffic.js';
import { outcomeOf, type SceneContext } from './scene.js';

/** The authorization server is down when the token has to be renewed: no call fails, and the renewal follows. */
export async function outage({ server, connectAs, ...context }: SceneContext): Promise<void> {
  const { baseURL, recorder, timeline, outageMs } = context;
  const code = await shownCode(import.meta.url);
  timeline.scene(`The authorization server is down for ${seconds(outageMs)}, and no call fails`, code);
  // The time between attempts is short, as the token is.
  const connection = connectAs(server.shortLived, { retry: { maxBackoffMs: 1_000 } });
  const first = await connection.tokens.getToken();
  const get = threeClients(connection, baseURL);
  const since = recorder.count();
  // The token is due for renewal after 70 to 80 % of its lifetime, so before the outage ends.
  const beforeMs = 0.82 * first.remainingMs() - outageMs;
  timeline.note(`a GET every 50 ms by axios, fetch or undici; outage in ${seconds(beforeMs)}`);
  const failed = () => traffic.outcomes.filter((outcome) => outcome !== '200').length;
  const progress = setInterval(() => timeline.note(`${traffic.outcomes.length} calls, ${failed()} failed`), 3_000);

  // #region
  const traffic = startTraffic((n) => outcomeOf(get(n)), 50);
  await delay(beforeMs);
  await server.outage(outageMs); // closes the connections of grants
  // #endregion

  timeline.note('the outage has ended');
  await delay(first.remainingMs() + 200);
  clearInterval(progress);
  await traffic.stop();

  const { issuedAt } = await connection.tokens.getToken();
  const { granted, lost, responses } = since();
  timeline.note(`the first token has expired; the slowest call took ${Math.round(traffic.slowestMs)} ms`);
  timeline.verdict(
    counted('failed calls:', failed(), 0),
    counted('API requests:', responses.length, traffic.outcomes.length),
    { text: `token requests in the outage: ${lost}`, holds: lost > 0 },
    counted('grants:', granted, 1),
    { text: `renewed ${seconds(first.expiresAt - issuedAt)} before expiry`, holds: issuedAt < first.expiresAt },
  );
}

const seconds = (ms: number): string => `${Number((ms / 1_000).toFixed(1))} s`;
