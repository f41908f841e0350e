import type { StepContext } from '../step-context.js';
import { counted } from '../timeline.js';

/** Requests of every method, with and without a body, cause no grant. */
export async function cachedCalls({ orders, recorder, timeline }: StepContext): Promise<void> {
  timeline.step('Requests of six methods use the cached token');
  const since = recorder.count();

  await orders.get('/orders');
  await orders.head('/orders');
  const { data: created } = await orders.post<{ body: string }>('/orders', { item: 'tea' });
  await orders.put('/orders/1', { item: 'coffee' });
  await orders.patch('/orders/1', { item: 'cocoa' });
  await orders.delete('/orders/1');

  const { granted, responses } = since();
  timeline.note(responses.join(', '));
  const expected = 'GET 200, HEAD 200, POST 201, PUT 200, PATCH 200, DELETE 204';
  timeline.verdict(
    { text: 'each succeeded', holds: responses.join(', ') === expected },
    { text: 'the body arrived', holds: created.body === '{"item":"tea"}' },
    counted('API requests:', responses.length, 6),
    counted('grants:', granted, 0),
  );
}
