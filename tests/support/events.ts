import type { TokenEvent } from '../../src/core/events.js';

/** A sink that adds events to a list, except those that every call causes: `token.awaited` and `store.called`. */
export const collectNotable =
  (events: TokenEvent[]) =>
  (event: TokenEvent): void => {
    if (event.type !== 'token.awaited' && event.type !== 'store.called') events.push(event);
  };
