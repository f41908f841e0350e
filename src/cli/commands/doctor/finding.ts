/** What a step of the doctor found: `good`, `doubtful` (it may be why, or will be) or `bad` (it does not work). */
export interface Finding {
  readonly verdict: 'good' | 'doubtful' | 'bad';
  readonly what: string;
  /** What to do: a line, or a line for each likely reason, the likeliest first. */
  readonly advice?: string | readonly string[];
  /** How the command ends when this is the first that is bad. */
  readonly exitCode?: number;
}

/** Something is as it should be. */
export const good = (what: string): Finding => ({ verdict: 'good', what });

/** Something may be the reason, or will be one. */
export const doubtful = (what: string, advice: Finding['advice'] & {}): Finding => ({
  verdict: 'doubtful',
  what,
  advice,
});

/** Something does not work. */
export const bad = (what: string, advice: Finding['advice'] & {}, exitCode: number): Finding => ({
  verdict: 'bad',
  what,
  advice,
  exitCode,
});
