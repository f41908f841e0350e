import type { TokenServiceOptions } from 'm2m-tokens';

import type { Connection } from '../connect.js';
import type { Timeline } from '../print/timeline.js';
import type { startRecorder } from '../recorder.js';
import type { Client } from '../servers/post-token.js';
import type { AuthorizationServer } from '../servers/authorization-server.js';

/** The servers, connections and records that the scenes use. */
export interface SceneContext extends Connection {
  readonly server: AuthorizationServer;
  readonly baseURL: string;
  /** Connects another service. */
  readonly connectAs: (client: Client, options?: Pick<TokenServiceOptions, 'name' | 'retry'>) => Connection;
  /** The lines of the log of all token services. */
  readonly log: readonly string[];
  readonly recorder: ReturnType<typeof startRecorder>;
  readonly timeline: Timeline;
  /** The duration of the outage. */
  readonly outageMs: number;
}

/** Shows one ability of the library. */
export type Scene = (context: SceneContext) => Promise<void>;

/** The status of a call, or the code of its error. */
export async function outcomeOf(call: Promise<{ readonly status: number }>): Promise<string> {
  return call.then(
    ({ status }) => `${status}`,
    (error: unknown) => String((error as { code?: unknown }).code ?? error),
  );
}
