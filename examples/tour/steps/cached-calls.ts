import type { Scene } from '../scene.js';
import { counted } from '../timeline.js';

/** Every method, with and without a body, and no grant. */
export async function cachedCalls({ orders, witness, timeline }: Scene): Promise<void> {
  timeline.step('Six methods use the token that is kept');
  const since = witness.count();

  await orders.get('/orders');
  await orders.head('/orders');
  const { data: created } = await orders.post<{ body: string }>('/orders', { item: 'tea' });
  await orders.put('/orders/1', { item: 'coffee' });
  await orders.patch('/orders/1', { item: 'cocoa' });
  await orders.delete('/orders/1');

  const { granted, answered } = since();
  timeline.note(answered.join(', '));
  const expected = 'GET 200, HEAD 200, POST 201, PUT 200, PATCH 200, DELETE 204';
  timeline.verdict(
    { text: 'each succeeded', holds: answered.join(', ') === expected },
    { text: 'the body arrived', holds: created.body === '{"item":"tea"}' },
    counted('API requests:', answered.length, 6),
    counted('grants:', granted, 0),
  );
}
