import { counted } from '../print/fact.js';
import { shownCode } from '../print/shown-code.js';
import type { SceneContext } from './scene.js';

/** The API rejects a revoked token. The request is sent again with another token, and the call succeeds. */
export async function revokedToken({ server, tokens, api, recorder, timeline }: SceneContext): Promise<void> {
  const code = await shownCode(import.meta.url);
  timeline.scene('A revoked token is replaced, and the request is sent again', code);
  const since = recorder.count();

  // #region
  const token = await tokens.getToken();
  await server.revoke(token.value); // the authorization server
  const { status } = await api.post('/orders', { item: 'tea' });
  // #endregion

  const { granted, responses, events } = since();
  timeline.note(`the API sent ${responses.join(', then ')}; the result of the call is ${status}`);
  timeline.verdict(
    { text: 'a 401, then a 201', holds: responses.join() === 'POST 401,POST 201' && status === 201 },
    counted('API requests:', responses.length, 2),
    counted('grants:', granted, 1),
    counted('resends:', events('request.resent'), 1),
  );
}
