import { setTimeout as sleep } from 'node:timers/promises';

import { between, type Random } from './seeded-random.js';
import type { Tally } from './statistics.js';

/** A source of identity tokens that fails at random. */
export interface UnreliableIdentity {
  /** Returns a new token each time, or fails. */
  readonly source: () => Promise<string>;
  /** Ends the faults. */
  heal(): void;
}

/** Makes a source that rejects three of ten calls, and responds late to one of ten. Counts the faults. */
export function unreliableIdentity(random: Random, faults: Tally): UnreliableIdentity {
  let isHealed = false;
  let issued = 0;

  return {
    async source() {
      const draw = isHealed ? 1 : random();
      if (draw < 0.3) {
        faults.add('identity failed');
        throw new Error('the identity endpoint is down');
      }
      if (draw < 0.4) {
        faults.add('identity late');
        await sleep(between(random, 100, 2_000));
      }
      issued += 1;
      return `identity-${issued}`;
    },
    heal: () => void (isHealed = true),
  };
}
