import type { CommandContext } from '../context.js';
import { printable } from './terminal.js';

/** Runs work. On a terminal, a spinner shows after 300 ms that the command waits; it is removed when the work ends. */
export async function withSpinner<T>(
  text: string,
  { stderr, env, clock, isSilent = false }: Pick<CommandContext, 'stderr' | 'env' | 'clock' | 'isSilent'>,
  work: () => Promise<T>,
): Promise<T> {
  // With CI set, yocto-spinner would write a line that it does not remove.
  if (isSilent || stderr.isTTY !== true || env['TERM'] === 'dumb' || env['CI'] !== undefined) return work();

  const ended = new AbortController();
  const spinning = clock.sleep(300, ended.signal).then(
    async () => {
      const { default: yoctoSpinner } = await import('yocto-spinner');
      if (ended.signal.aborted) return undefined;
      // The command handles signals itself.
      return yoctoSpinner({ text: `${printable(text)} …`, stream: stderr, handleSignals: false }).start();
    },
    () => undefined,
  );
  try {
    return await work();
  } finally {
    ended.abort();
    (await spinning)?.stop();
  }
}
