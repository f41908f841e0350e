import type { ConnectOptions } from './connect.js';
import { paint } from './print/paint.js';
import { startTimeline } from './print/timeline.js';
import { wrapped } from './print/wrapped.js';
import { fetchAndUndici } from './scenes/fetch-and-undici.js';
import { log } from './scenes/log.js';
import { manyFirstCalls } from './scenes/many-first-calls.js';
import { outage } from './scenes/outage.js';
import { revokedToken } from './scenes/revoked-token.js';
import type { Scene } from './scenes/scene.js';
import { wrongSecret } from './scenes/wrong-secret.js';
import { startScenery } from './start-scenery.js';

const allScenes: readonly Scene[] = [manyFirstCalls, fetchAndUndici, revokedToken, wrongSecret, outage, log];

/** Options of {@link tour}. */
export interface TourOptions extends Partial<Pick<ConnectOptions, 'onTokenService'>> {
  readonly scenes?: readonly Scene[];
  readonly outageMs?: number;
}

/** Shows what the library does with real servers in this process; returns whether all observations are as expected. */
export async function tour({ scenes = allScenes, ...options }: TourOptions = {}): Promise<boolean> {
  // All servers are on this machine, so no request goes through a proxy (Node.js 22.21 and newer with
  // NODE_USE_ENV_PROXY).
  process.env.NO_PROXY = process.env.no_proxy = '127.0.0.1';
  console.log(paint('bold', wrapped('m2m-tokens: axios, fetch and undici with local servers', 0)));
  const timeline = startTimeline();
  const scenery = await startScenery(timeline, { onTokenService: () => undefined, outageMs: 10_000, ...options });
  for (const scene of scenes) {
    await scene(scenery).catch((error: Error) => timeline.verdict({ text: `failed: ${error.message}`, holds: false }));
  }
  await scenery.close();

  const { count, failed } = timeline.checks;
  const passed = `${count - failed.length} of ${count} checks passed: ${scenery.total()}, ${timeline.elapsed()}`;
  console.log(`\n${[passed, ...failed.map((text) => `✗ ${text}`)].map((line) => wrapped(line, 0)).join('\n')}`);
  return failed.length === 0;
}
