import { outcomeOf, type StepContext } from '../step-context.js';
import { counted } from '../timeline.js';

/** The API rejects a revoked token. The request is sent again with another token, and the call succeeds. */
export async function revokedToken({ server, tokens, orders, recorder, timeline }: StepContext): Promise<void> {
  timeline.step('A revoked token is replaced, and the request is sent again');
  const token = await tokens.getToken();
  const since = recorder.count();
  await server.revoke(token.value);
  timeline.note('the token is revoked at the authorization server; POST /orders');

  const outcome = await outcomeOf(orders.post('/orders', { item: 'tea' }));

  const { granted, responses, events } = since();
  timeline.note(`the API sent ${responses.join(', then ')}; the result of the call is ${outcome}`);
  timeline.verdict(
    { text: 'a 401, then a 201', holds: responses.join() === 'POST 401,POST 201' && outcome === '201' },
    counted('API requests:', responses.length, 2),
    counted('grants:', granted, 1),
    counted('resends:', events.filter((type) => type === 'request.resent').length, 1),
  );
}
