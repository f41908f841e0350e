import { startAuthorizationServer } from './authorization-server.js';
import { connect, type ConnectOptions, type NamedClient } from './connect.js';
import { startProtectedApi } from './protected-api.js';
import { startRecorder } from './recorder.js';
import type { StepContext } from './step-context.js';
import { cachedCalls } from './steps/cached-calls.js';
import { earlyRenewal } from './steps/early-renewal.js';
import { manyFirstCalls } from './steps/many-first-calls.js';
import { revokedToken } from './steps/revoked-token.js';
import { wrongSecret } from './steps/wrong-secret.js';
import { paint, startTimeline } from './timeline.js';

const steps: readonly ((context: StepContext) => Promise<void>)[] = [
  manyFirstCalls,
  cachedCalls,
  earlyRenewal,
  revokedToken,
  wrongSecret,
];

/** Options of {@link tour}. */
export type TourOptions = Partial<Pick<ConnectOptions, 'onTokenService'>>;

/** Shows what the library does with real servers in this process; returns whether all observations are as expected. */
export async function tour({ onTokenService = () => undefined }: TourOptions = {}): Promise<boolean> {
  // All servers are on this machine, so no request goes through a proxy (Node.js 22.21 and newer with
  // NODE_USE_ENV_PROXY).
  process.env.NO_PROXY = process.env.no_proxy = '127.0.0.1';
  console.log(paint('bold', 'm2m-tokens: client credentials for axios, with local servers'));
  const server = await startAuthorizationServer({ lifetimeSeconds: 60, shortLifetimeSeconds: 6, grantTakesMs: 200 });
  const api = await startProtectedApi((token) => server.introspect(token));
  const timeline = startTimeline();
  timeline.note(`oidc-provider at ${server.issuer}: token lifetimes of 60 s and 6 s, a grant takes 200 ms`);
  timeline.note(`an API at ${api.origin} that introspects every token (RFC 7662)`);

  try {
    const recorder = startRecorder(server, api, timeline);
    const facts = { issuer: server.issuer, baseURL: api.origin, onEvent: recorder.onEvent, onTokenService };
    const connectToApi = (client: NamedClient) => connect(client, facts);
    const context = { ...connectToApi(server.service), server, connect: connectToApi, recorder, timeline };
    for (const step of steps) {
      await step(context).catch((error: Error) => timeline.verdict({ text: `failed: ${error.message}`, holds: false }));
    }
  } finally {
    await Promise.all([server.close(), api.close()]);
  }

  const { failed } = timeline;
  const total = `${timeline.elapsed()}: ${server.counts.granted} grants for ${api.responses.length} API requests`;
  console.log(failed.length === 0 ? `\nAll checks passed in ${total}.` : `\nFailed checks: ${failed.join('; ')}`);
  return failed.length === 0;
}
