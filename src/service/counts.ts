import type { TokenStats } from './stats.js';

/** Numbers that only grow. */
export interface Counts {
  readonly requests: TokenStats['requests'];
  readonly evictions: number;
}

export const noCounts: Counts = {
  requests: { memory: 0, shared_store: 0, grant: 0, joined: 0, error: 0 },
  evictions: 0,
};

/** The counts of one snapshot. */
export const countsOf = ({ requests, cache: { evictions } }: TokenStats): Counts => ({ requests, evictions });

/** The sum of two counts, or their difference if `sign` is -1. */
export function sumOf(one: Counts, other: Counts, sign: 1 | -1 = 1): Counts {
  const add = (name: keyof Counts['requests']): number => one.requests[name] + sign * other.requests[name];
  return {
    requests: {
      memory: add('memory'),
      shared_store: add('shared_store'),
      grant: add('grant'),
      joined: add('joined'),
      error: add('error'),
    },
    evictions: one.evictions + sign * other.evictions,
  };
}
