import fc from 'fast-check';

import { entriesOf, sharedTokens } from '../../src/stores/shared-tokens.js';
import { encryptedStore } from '../../src/stores/encrypted.js';
import { memoryStore } from '../../src/stores/memory.js';
import { fakeClock } from '../support/clock.js';
import { issue } from '../support/tokens.js';
import { type FuzzTarget, must } from './fuzz-target.js';

/** A write or a removal by one of two replicas that share a store. */
type Step = readonly [what: 'write' | 'remove' | 'remove by the other' | 'wait', token: number];

const anyStep: fc.Arbitrary<Step> = fc.tuple(
  fc.constantFrom('write', 'write', 'remove', 'remove by the other', 'wait'),
  fc.nat(3),
);

/** Writes and removals in any order. After them, no replica may read a removed token. */
export const sharedEntries: FuzzTarget = {
  name: 'entries after a revocation',
  inputs: fc.tuple(fc.array(anyStep, { maxLength: 12 }), fc.boolean()),
  corpus: [
    [
      [
        ['write', 1],
        ['remove by the other', 1],
      ],
      true,
    ],
    [
      [
        ['write', 1],
        ['write', 0],
        ['remove', 0],
      ],
      false,
    ],
  ],
  async read([steps, isEncrypted]: [readonly Step[], boolean]) {
    const clock = fakeClock();
    const memory = memoryStore({ clock });
    const store = isEncrypted ? encryptedStore(memory, { keys: [new Uint8Array(32)] }) : memory;
    const replicas = [0, 1].map(() => entriesOf(sharedTokens({ store, identity: ['orders'], clock })));
    const [one, other] = await Promise.all(replicas.map((each) => each.entry('key')));
    // A later token has a higher number. The clock advances, so that the tokens have different times of issue.
    const tokens = [0, 1, 2, 3].map((n) => {
      clock.advance(1_000);
      return issue(`token-${n}`, clock);
    });
    let current: number | undefined;

    for (const [what, n] of steps) {
      const token = tokens[n];
      if (one === undefined || other === undefined || token === undefined) throw new Error('an entry is missing');
      if (what === 'wait') clock.advance(1_000);
      else if (what === 'write') {
        await one.write(token);
        if (current === undefined || n >= current) current = n;
      } else {
        await (what === 'remove' ? one : other).remove(token);
        if (current === n) current = undefined;
      }
      for (const replica of [one, other]) {
        const record = await replica.read();
        must(
          record?.token?.value === (current === undefined ? undefined : `token-${current}`),
          'the newest token that was not removed is read',
        );
      }
    }
  },
};
