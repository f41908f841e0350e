/** A rule that was broken. */
export interface Finding {
  readonly rule: string;
  readonly count: number;
  /** Descriptions of the first few cases. */
  readonly examples: readonly string[];
}

/** Records that a rule was broken. */
export type Violate = (rule: string, example: string) => void;

/** The rules that were broken. */
export interface Findings {
  readonly violate: Violate;
  readonly list: () => readonly Finding[];
}

const maxExamples = 5;

/** Creates an empty list of findings. */
export function findings(): Findings {
  const found = new Map<string, { count: number; examples: string[] }>();

  return {
    violate(rule, example) {
      const finding = found.get(rule) ?? { count: 0, examples: [] };
      finding.count += 1;
      if (finding.examples.length < maxExamples) finding.examples.push(example);
      found.set(rule, finding);
    },
    list: () => [...found].map(([rule, finding]) => ({ rule, ...finding })),
  };
}
