import { outcomeOf, type StepContext } from '../step-context.js';
import { counted } from '../timeline.js';

/** A hundred calls without a cached token wait for the same grant. */
export async function manyFirstCalls({ orders, recorder, timeline }: StepContext): Promise<void> {
  timeline.step('A hundred first calls at once share one grant');
  const since = recorder.count();
  timeline.note('100 × GET /orders without a cached token');

  const outcomes = await Promise.all(Array.from({ length: 100 }, () => outcomeOf(orders.get('/orders'))));

  timeline.note('all responses have arrived');
  const { granted, responses, events } = since();
  timeline.verdict(
    counted('responses 200:', outcomes.filter((outcome) => outcome === '200').length, 100),
    counted('API requests:', responses.length, 100),
    counted('grants:', granted, 1),
    counted('grant events:', events.filter((type) => type === 'grant.succeeded').length, 1),
  );
}
