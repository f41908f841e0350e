/** Prints equal lines that follow each other as one line with their number. */
export interface Repetitions {
  add(line: string): void;
  /** Prints the last line, which is held back until another one follows or a moment passes. */
  flush(): void;
}

/** Holds a line back for `holdMs`, so that the lines of a burst count as one. */
export function repetitions(print: (line: string) => void, holdMs = 250): Repetitions {
  let held = { line: '', count: 0 };
  let timer: NodeJS.Timeout | undefined;

  function flush(): void {
    clearTimeout(timer);
    const { line, count } = held;
    held = { line: '', count: 0 };
    if (count > 0) print(count === 1 ? line : `${line} × ${count}`);
  }

  return {
    flush,
    add(line) {
      if (line !== held.line) flush();
      held = { line, count: held.count + 1 };
      clearTimeout(timer);
      timer = setTimeout(flush, holdMs);
    },
  };
}
