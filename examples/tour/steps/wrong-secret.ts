import { isTokenError } from 'm2m-tokens';

import type { StepContext } from '../step-context.js';
import { counted } from '../timeline.js';

/** The grant of a service with a wrong secret is rejected, and its request is not sent. */
export async function wrongSecret({ server, connect, recorder, timeline }: StepContext): Promise<void> {
  timeline.step('Without a token, the request is not sent, and the error gives the reason');
  const { orders } = connect({ id: server.service.id, secret: 'wrong-secret', name: 'wrong-secret' });
  const since = recorder.count();
  timeline.note('GET /orders from a service with a wrong secret');

  const error: unknown = await orders.get('/orders').catch((reason: unknown) => reason);

  if (isTokenError(error)) timeline.note(`${error.code}: ${error.message}`);
  const { granted, rejected, responses } = since();
  timeline.verdict(
    { text: 'ERR_GRANT_REJECTED', holds: isTokenError(error) && error.code === 'ERR_GRANT_REJECTED' },
    counted('API requests:', responses.length, 0),
    counted('grants:', granted, 0),
    counted('rejected grants:', rejected, 1),
  );
}
