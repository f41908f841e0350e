/** The parts of a diagnosis, in their order. */
export const groups = ['Configuration', 'Authorization server', 'Token', 'API'] as const;

/** A part of a diagnosis. */
export type Group = (typeof groups)[number];

/**
 * The result of one check: `pass`, `warn` (a possible reason, or a problem of the near future) or `fail`; or `info`, a
 * value that no check has judged.
 */
export interface Finding {
  readonly verdict: 'info' | 'pass' | 'warn' | 'fail';
  readonly what: string;
  /** The next step: one line, or a line for each likely reason, the most likely first. */
  readonly advice?: string | readonly string[];
  /** The exit code of the command if this is the first finding with one. */
  readonly exitCode?: number;
}

/** A finding with its part of the diagnosis. */
export type GroupedFinding = Finding & { readonly group: Group };

/** A value that no check has judged. */
export const info = (what: string): Finding => ({ verdict: 'info', what });

/** A check that passed. */
export const pass = (what: string): Finding => ({ verdict: 'pass', what });

/** A check that found a possible reason, or a problem of the near future. */
export const warn = (what: string, advice: Finding['advice'] & {}): Finding => ({ verdict: 'warn', what, advice });

/** A check that failed. */
export const fail = (what: string, advice: Finding['advice'] & {}, exitCode: number): Finding => ({
  verdict: 'fail',
  what,
  advice,
  exitCode,
});
