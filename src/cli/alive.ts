import type { CommandContext } from './command-context.js';

const frames = '⠋⠙⠹⠸⠼⠴⠦⠧⠇⠏';
const patienceMs = 300;

/** Does work that may take long, and shows on a terminal that it goes on; the line is gone when the work is done. */
export async function alive<T>(
  what: string,
  { stderr, env }: Pick<CommandContext, 'stderr' | 'env'>,
  work: () => Promise<T>,
): Promise<T> {
  if (stderr.isTTY !== true || env['TERM'] === 'dumb') return work();

  let turn = 0;
  const show = () => {
    turn += 1;
    // What ends quickly needs no sign of life.
    if (turn * 100 > patienceMs) stderr.write(`\r\u001b[K${frames[turn % frames.length]} ${what} …`);
  };
  const timer = setInterval(show, 100);
  try {
    return await work();
  } finally {
    clearInterval(timer);
    if (turn * 100 > patienceMs) stderr.write('\r\u001b[K');
  }
}
