/** Makes this number of calls. */
export type Contender = (calls: number) => unknown;

/** Options of {@link pairedRounds}. */
export interface PairedRoundsOptions {
  readonly ours: Contender;
  readonly other: Contender;
  /** A third contender. The ratio of `other` to it shows the accuracy. */
  readonly control?: Contender;
  /** Calls of each contender in one round. */
  readonly calls: number;
  readonly rounds: number;
  /** The number of rounds before the measurement. */
  readonly warmUpRounds: number;
}

/** The result of {@link pairedRounds}. */
export interface Comparison {
  /** Medians, in nanoseconds a call. */
  readonly ours: number;
  readonly other: number;
  /** Median of `ours / other` of all rounds. A disturbance that is longer than a round changes both sides. */
  readonly ratio: number;
  /** Median of `other / control` of all rounds. */
  readonly control?: number;
}

type Round = Record<'ours' | 'other' | 'control', number>;

/** Measures the contenders in turns. Their order changes from round to round. */
export async function pairedRounds(options: PairedRoundsOptions): Promise<Comparison> {
  const { calls, rounds, warmUpRounds } = options;
  const names = (['ours', 'other', 'control'] as const).filter((name) => options[name] !== undefined);
  const counted: Round[] = [];

  for (let round = -warmUpRounds; round < rounds; round += 1) {
    const times: Round = { ours: Number.NaN, other: Number.NaN, control: Number.NaN };
    for (const name of shuffled(names)) times[name] = await nanosecondsACall(options[name] as Contender, calls);
    if (round >= 0) counted.push(times);
  }

  return {
    ours: median(counted.map(({ ours }) => ours)),
    other: median(counted.map(({ other }) => other)),
    ratio: median(counted.map(({ ours, other }) => ours / other)),
    ...(options.control && { control: median(counted.map(({ other, control }) => other / control)) }),
  };
}

/** Repeats a call. `inFlight` is the number of concurrent calls. */
export function repeated(call: () => Promise<unknown>, inFlight = 1): Contender {
  return async (calls) => {
    let left = calls;
    const oneAfterTheOther = async (): Promise<void> => {
      for (; left > 0; left -= 1) await call();
    };
    await Promise.all(Array.from({ length: inFlight }, oneAfterTheOther));
  };
}

/** The median. */
export function median(values: readonly number[]): number {
  const sorted = values.toSorted((a, b) => a - b);
  const middle = sorted.length / 2;
  return ((sorted[Math.ceil(middle) - 1] ?? Number.NaN) + (sorted[Math.floor(middle)] ?? Number.NaN)) / 2;
}

async function nanosecondsACall(contender: Contender, calls: number): Promise<number> {
  const begin = process.hrtime.bigint();
  await contender(calls);
  return Number(process.hrtime.bigint() - begin) / calls;
}

const shuffled = <Value>(values: readonly Value[]): Value[] =>
  values
    .map((value) => ({ value, key: Math.random() }))
    .toSorted((a, b) => a.key - b.key)
    .map(({ value }) => value);
