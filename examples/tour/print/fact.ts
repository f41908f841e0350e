/** An observation, and whether it is as expected. */
export interface Fact {
  readonly text: string;
  readonly holds: boolean;
}

/** The fact that a count is the expected one. */
export function counted(what: string, seen: number, expected: number): Fact {
  const holds = seen === expected;
  return { text: `${what} ${seen}${holds ? '' : ` instead of ${expected}`}`, holds };
}
