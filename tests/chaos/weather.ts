import { between, type Random, shuffled } from './seeded-random.js';

/** What can be wrong with an authorization server. */
export const troubles = [
  '503',
  '429 with Retry-After',
  '429',
  'hang',
  'reset',
  'HTML with 200',
  'slow drip',
  'refused',
  /** The token endpoint has moved; the metadata name the new one. */
  'moved',
] as const;

export type Condition = 'fine' | (typeof troubles)[number];

/** How the authorization server is, and for how long. */
export interface Weather {
  readonly condition: Condition;
  readonly forMs: number;
}

/** Weather without end. All troubles come before one comes again, with fine spells between most of them. */
export function* weather(random: Random): Generator<Weather, never> {
  for (;;) {
    for (const condition of shuffled(random, troubles)) {
      if (random() < 0.85) yield { condition: 'fine', forMs: between(random, 500, 2_500) };
      yield { condition, forMs: between(random, 300, 1_500) };
    }
  }
}
