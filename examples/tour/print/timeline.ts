import type { Fact } from './fact.js';
import { paint } from './paint.js';
import { repetitions } from './repetitions.js';
import { wrapped } from './wrapped.js';

/** Prints what happens in the tour, and whether it is as expected. */
export interface Timeline {
  /** Begins a scene with its code. */
  scene(title: string, code: readonly string[]): void;
  /** Prints a line with the time since the start. */
  note(text: string): void;
  /** Prints a line that something else has written. */
  quote(text: string): void;
  /** Prints a note; equal ones that follow each other are one line. */
  repeatable(text: string): void;
  /** Ends a scene: ✓ if all facts hold, else ✗ and the facts that do not. */
  verdict(...facts: readonly Fact[]): void;
  /** All checks so far, and the facts that do not hold, with the numbers of their scenes. */
  readonly checks: { count: number; readonly failed: string[] };
  /** Time since the start. */
  elapsed(): string;
}

/** Starts a timeline on standard output. */
export function startTimeline(): Timeline {
  const start = performance.now();
  const checks: Timeline['checks'] = { count: 0, failed: [] };
  let scenes = 0;

  const elapsed = (): string => `${((performance.now() - start) / 1_000).toFixed(1)} s`;
  const print = (mark: string, text: string): void => console.log(`${mark}  ${wrapped(text, 10)}`);
  const burst = repetitions((line) => print(paint('gray', elapsed().padStart(8)), line));

  return {
    checks,
    elapsed,
    scene(title, code) {
      scenes += 1;
      console.log(`\n${paint('bold', wrapped(`${scenes}  ${title}`, 3))}\n`);
      console.log(`${code.map((line) => `     ${paint('cyan', line)}`).join('\n')}\n`);
    },
    note(text) {
      burst.flush();
      print(paint('gray', elapsed().padStart(8)), text);
    },
    quote: (text) => print('        ', text),
    repeatable: (text) => burst.add(text),
    verdict(...facts) {
      burst.flush();
      const wrong = facts.filter(({ holds }) => !holds);
      checks.count += facts.length;
      checks.failed.push(...wrong.map(({ text }) => `scene ${scenes}: ${text}`));
      const shown = (wrong.length === 0 ? facts : wrong).map(({ text }) => text);
      print(`       ${wrong.length === 0 ? paint('green', '✓') : paint('red', '✗')}`, shown.join(' · '));
    },
  };
}
