import { isTokenError } from 'm2m-tokens';

import { counted } from '../print/fact.js';
import { shownCode } from '../print/shown-code.js';
import type { SceneContext } from './scene.js';

/** The grant of a service with a wrong secret is rejected, and its request is not sent. */
export async function wrongSecret({ server, connectAs, recorder, timeline }: SceneContext): Promise<void> {
  timeline.scene('A wrong secret: nothing is sent, and the error says why', await shownCode(import.meta.url));
  const since = recorder.count();
  const options = { name: 'wrong-secret' };

  // #region
  const client = { id: server.service.id, secret: 'wrong' };
  const { api } = connectAs(client, options); // as in scene 1
  const error: unknown = await api.get('/orders').catch((e: unknown) => e);
  // #endregion

  if (isTokenError(error)) timeline.note(`${error.code}: ${error.message}`);
  const { granted, rejected, responses } = since();
  timeline.verdict(
    { text: 'ERR_GRANT_REJECTED', holds: isTokenError(error) && error.code === 'ERR_GRANT_REJECTED' },
    counted('API requests:', responses.length, 0),
    counted('grants:', granted, 0),
    counted('rejected grants:', rejected, 1),
  );
}
