import { counted } from '../print/fact.js';
import { shownCode } from '../print/shown-code.js';
import { outcomeOf, type SceneContext } from './scene.js';

/** A hundred calls without a cached token wait for the same grant. */
export async function manyFirstCalls({ api, recorder, timeline }: SceneContext): Promise<void> {
  const code = await shownCode(new URL('../connect.ts', import.meta.url));
  timeline.scene('A hundred first calls at once share one grant', code);
  const since = recorder.count();
  timeline.note("100 × api.get('/orders'), without a cached token");

  const outcomes = await Promise.all(Array.from({ length: 100 }, () => outcomeOf(api.get('/orders'))));

  const { granted, responses, events } = since();
  timeline.verdict(
    counted('responses 200:', outcomes.filter((outcome) => outcome === '200').length, 100),
    counted('API requests:', responses.length, 100),
    counted('grants:', granted, 1),
    counted('grant events:', events('grant.succeeded'), 1),
  );
}
