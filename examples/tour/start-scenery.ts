import { connect, type ConnectOptions } from './connect.js';
import type { Timeline } from './print/timeline.js';
import { startRecorder } from './recorder.js';
import type { SceneContext } from './scenes/scene.js';
import { startAuthorizationServer } from './servers/authorization-server.js';
import { startProtectedApi } from './servers/protected-api.js';
import { settingsOf } from './settings.js';

/** What the scenes use, and a function that stops the servers. */
export interface Scenery extends SceneContext {
  readonly total: () => string;
  readonly close: () => Promise<unknown>;
}

/** Starts the servers and connects a service. The tokens of the short-lived service outlive the outage. */
export async function startScenery(
  timeline: Timeline,
  { outageMs, onTokenService }: Pick<SceneContext, 'outageMs'> & Pick<ConnectOptions, 'onTokenService'>,
): Promise<Scenery> {
  const server = await startAuthorizationServer(200, { lifetimeSeconds: 60, shortLifetimeSeconds: 16 });
  const api = await startProtectedApi((token) => server.introspect(token));
  const { origin: baseURL, responses } = api;
  timeline.note(`oidc-provider at ${server.issuer}: a grant takes 200 ms`);
  timeline.note(`an API at ${baseURL}: introspects each token (RFC 7662)`);

  const log: string[] = [];
  const recorder = startRecorder(server, responses, timeline);
  const settings = settingsOf(server.issuer, recorder.onEvent, log);
  const connectAs: SceneContext['connectAs'] = ({ id, secret }, options) =>
    connect({ ...settings, clientId: id, clientSecret: secret, ...options }, { baseURL, onTokenService });
  return {
    ...connectAs(server.service),
    server,
    baseURL,
    connectAs,
    log,
    recorder,
    timeline,
    outageMs,
    total: () => `${server.counts.granted} grants, ${responses.length} API requests`,
    close: () => Promise.all([server.close(), api.close()]),
  };
}
