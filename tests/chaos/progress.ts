/** Shows the progress of a run: one line that is rewritten on a terminal, otherwise a new line every few seconds. */
export interface Progress {
  stop(): void;
}

const everyMs = { terminal: 200, elsewhere: 5_000 };

/** Shows the text at intervals until `stop` is called. */
export function showProgress(text: () => string, out: NodeJS.WriteStream = process.stderr): Progress {
  const show = (): void => void out.write(out.isTTY ? `\r\x1b[2K${text()}` : `${text()}\n`);
  const timer = setInterval(show, out.isTTY ? everyMs.terminal : everyMs.elsewhere);

  return {
    stop() {
      clearInterval(timer);
      show();
      if (out.isTTY) out.write('\n');
    },
  };
}
