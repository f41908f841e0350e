import type { AxiosResponse } from 'axios';

import type { AuthorizationServer } from './authorization-server.js';
import type { Connection, NamedClient } from './connect.js';
import type { Recorder } from './recorder.js';
import type { Timeline } from './timeline.js';

/** The servers, connections and records that the steps of the tour use. */
export interface StepContext extends Connection {
  readonly server: AuthorizationServer;
  /** Connects another service, with its own credentials. */
  readonly connect: (client: NamedClient) => Connection;
  readonly recorder: Recorder;
  readonly timeline: Timeline;
}

/** The status of a call, or the code of its error. */
export async function outcomeOf(call: Promise<AxiosResponse>): Promise<string> {
  return call.then(
    ({ status }) => `${status}`,
    (error: unknown) => String((error as { code?: unknown }).code ?? error),
  );
}
