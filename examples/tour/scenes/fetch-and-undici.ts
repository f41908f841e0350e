import { request } from 'undici';

import { otherClients } from '../other-clients.js';
import { counted } from '../print/fact.js';
import { shownCode } from '../print/shown-code.js';
import type { SceneContext } from './scene.js';

/** Requests of every method by axios, `fetch` and undici, with and without a body, cause no grant. */
export async function fetchAndUndici({ tokens, api, baseURL, recorder, timeline }: SceneContext): Promise<void> {
  const code = await shownCode(new URL('../other-clients.ts', import.meta.url));
  timeline.scene('fetch and undici use the cached token, too', code);
  const { authorizedFetch, dispatcher } = otherClients(tokens, baseURL);
  const since = recorder.count();

  await api.get('/orders');
  const { data: created } = await api.post<{ body: string }>('/orders', { item: 'tea' });
  await authorizedFetch(`${baseURL}/orders`, { method: 'HEAD' });
  await authorizedFetch(`${baseURL}/orders/1`, { method: 'PUT', body: 'coffee' });
  const changed = await request(`${baseURL}/orders/1`, { dispatcher, method: 'PATCH', body: 'cocoa' });
  const { body } = (await changed.body.json()) as { body: string };
  await request(`${baseURL}/orders/1`, { dispatcher, method: 'DELETE' });
  await dispatcher.close();

  const { granted, responses } = since();
  const [axiosCalls, fetchCalls, undiciCalls] = [0, 2, 4].map((from) => responses.slice(from, from + 2).join(', '));
  timeline.note(`axios: ${axiosCalls}; fetch: ${fetchCalls}; undici: ${undiciCalls}`);
  const expected = 'GET 200, POST 201, HEAD 200, PUT 200, PATCH 200, DELETE 204';
  timeline.verdict(
    { text: 'each succeeded', holds: responses.join(', ') === expected },
    { text: 'the bodies arrived', holds: created.body === '{"item":"tea"}' && body === 'cocoa' },
    counted('API requests:', responses.length, 6),
    counted('grants:', granted, 0),
  );
}
