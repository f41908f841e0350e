/** Does one thing so many times, one after the other. */
export type Contender = (calls: number) => unknown;

/** Options of {@link pairedRounds}. */
export interface PairedRoundsOptions {
  readonly ours: Contender;
  readonly other: Contender;
  /** Calls of each contender in one round. */
  readonly calls: number;
  readonly rounds: number;
  /** Rounds that are not counted. */
  readonly warmUpRounds: number;
}

/** What {@link pairedRounds} has found. */
export interface Comparison {
  /** Medians, in nanoseconds a call. */
  readonly ours: number;
  readonly other: number;
  /** Median of the ratios of all rounds: what disturbs the machine for longer than a round disturbs both sides of one. */
  readonly ratio: number;
}

/** Times two contenders in turns; the one that goes first changes from round to round. */
export async function pairedRounds(options: PairedRoundsOptions): Promise<Comparison> {
  const { ours, other, calls, rounds, warmUpRounds } = options;
  const pairs: { ours: number; other: number }[] = [];

  for (let round = -warmUpRounds; round < rounds; round += 1) {
    const pair = { ours: 0, other: 0 };
    const order = round % 2 === 0 ? (['ours', 'other'] as const) : (['other', 'ours'] as const);
    for (const side of order) pair[side] = await nanoseconds(side === 'ours' ? ours : other, calls);
    if (round >= 0) pairs.push(pair);
  }

  return {
    ours: median(pairs.map((pair) => pair.ours)),
    other: median(pairs.map((pair) => pair.other)),
    ratio: median(pairs.map((pair) => pair.ours / pair.other)),
  };
}

async function nanoseconds(contender: Contender, calls: number): Promise<number> {
  const begin = process.hrtime.bigint();
  await contender(calls);
  return Number(process.hrtime.bigint() - begin) / calls;
}

/** The value in the middle. */
export function median(values: readonly number[]): number {
  const sorted = values.toSorted((a, b) => a - b);
  const middle = sorted.length / 2;
  return ((sorted[Math.ceil(middle) - 1] ?? Number.NaN) + (sorted[Math.floor(middle)] ?? Number.NaN)) / 2;
}
