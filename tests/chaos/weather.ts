import { between, type Random, shuffled } from './seeded-random.js';

/** The faults of the authorization server. */
export const troubles = [
  '503',
  '429 with Retry-After',
  '429',
  'hang',
  'reset',
  'HTML with 200',
  'slow drip',
  'refused',
  /** The token endpoint has another path, which the metadata names. */
  'moved',
] as const;

export type Condition = 'fine' | (typeof troubles)[number];

/** A condition of the authorization server and its duration. */
export interface Weather {
  readonly condition: Condition;
  readonly forMs: number;
}

/**
 * An endless sequence of conditions. Each fault occurs once before any is repeated, mostly with a period without faults
 * before it.
 */
export function* weather(random: Random): Generator<Weather, never> {
  for (;;) {
    for (const condition of shuffled(random, troubles)) {
      if (random() < 0.85) yield { condition: 'fine', forMs: between(random, 500, 2_500) };
      yield { condition, forMs: between(random, 300, 1_500) };
    }
  }
}
