import { styleText } from 'node:util';

/** Prints what happens in the tour, and whether it is as expected. */
export interface Timeline {
  /** Begins a step. */
  step(title: string): void;
  /** Prints a line with the time since the start. */
  note(text: string): void;
  /** Ends a step: ✓ if all facts hold, else ✗ and the facts that do not. */
  verdict(...facts: readonly Fact[]): void;
  /** The facts so far that do not hold, with the numbers of their steps. */
  readonly failed: readonly string[];
  /** Time since the start. */
  elapsed(): string;
}

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

/** Starts a timeline on standard output. */
export function startTimeline(): Timeline {
  const start = performance.now();
  const failed: string[] = [];
  let steps = 0;

  const elapsed = (): string => `${((performance.now() - start) / 1_000).toFixed(2)} s`;

  return {
    failed,
    elapsed,
    step(title) {
      steps += 1;
      console.log(`\n${paint('bold', `${steps}  ${title}`)}`);
    },
    note(text) {
      console.log(`${paint('gray', elapsed().padStart(9))}  ${wrap(text)}`);
    },
    verdict(...facts) {
      const wrong = facts.filter(({ holds }) => !holds);
      failed.push(...wrong.map(({ text }) => `step ${steps}: ${text}`));
      const mark = wrong.length === 0 ? paint('green', '✓') : paint('red', '✗');
      const shown = (wrong.length === 0 ? facts : wrong).map(({ text }) => text);
      console.log(`        ${mark}  ${wrap(shown.join(' · '))}`);
    },
  };
}

/** Text in a colour if stdout is a terminal and NO_COLOR is not set (https://no-color.org). */
export function paint(format: 'bold' | 'gray' | 'green' | 'red', text: string): string {
  return process.stdout.isTTY && process.env.NO_COLOR === undefined ? styleText(format, text) : text;
}

function wrap(text: string): string {
  return text.replace(/(?=.{101})(.{1,100})\s+/g, `$1\n${' '.repeat(11)}`);
}
