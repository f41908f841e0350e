import { type AnyTokenError, isTokenError } from '../../core/errors.js';
import { PrivateFileError } from '../../stores/private-files.js';
import type { CommandContext } from '../context.js';
import { exitCodes, isFailure } from './command-error.js';
import { formatDuration } from './duration.js';
import { withFlags } from './option-names.js';
import { printable, styleOf, write } from './terminal.js';

/**
 * Prints the problem and the next step, one line each, and returns the exit code. Prints nothing for an interruption.
 */
export async function reportError(error: unknown, { stderr, env }: CommandContext): Promise<number> {
  if (isFailure(error, 'Interruption')) return error.exitCode;
  const { what, advice, exitCode } = explain(error);
  const style = styleOf(stderr, env);
  await write(stderr, `${style('red', 'm2m:')} ${printable(what)}\n  ${style('dim', '→')} ${printable(advice)}\n`);
  return exitCode;
}

interface Explanation {
  readonly what: string;
  readonly advice: string;
  readonly exitCode: number;
}

function explain(error: unknown): Explanation {
  if (isFailure(error, 'CommandError')) return { what: error.message, advice: error.advice, exitCode: error.exitCode };
  if (error instanceof PrivateFileError) {
    return { what: error.message, advice: error.advice, exitCode: exitCodes.usage };
  }
  if (isTokenError(error)) {
    const { what, advice, exitCode } = explainTokenError(error);
    if (error.code === 'ERR_CONFIGURATION') {
      return { what, advice: 'm2m config shows the settings and their sources', exitCode };
    }
    const doctor = 'm2m doctor with the same settings shows';
    if (advice === undefined) return { what, advice: `${doctor} the reason`, exitCode };
    return { what, advice: error.code === 'ERR_GRANT_REJECTED' ? `${advice}; ${doctor} more` : advice, exitCode };
  }
  if (isCommanderError(error)) {
    return {
      what: withoutValue(error.message),
      advice: 'm2m --help and m2m COMMAND --help show the usage',
      exitCode: exitCodes.usage,
    };
  }
  const what = error instanceof Error ? `${error.name}: ${error.message}` : String(error);
  return { what, advice: 'this is a defect of m2m-tokens: please report it', exitCode: exitCodes.defect };
}

/**
 * Explains an error of the library with the flags of the command. The advice combines that of the library and the
 * `Retry-After` of the server; it is `undefined` if both are absent.
 */
export function explainTokenError(
  error: AnyTokenError,
): Omit<Explanation, 'advice'> & { readonly advice: string | undefined } {
  const { code, message } = error;
  const text = withFlags(message);
  const [, what = text, advice] = code === 'ERR_CONFIGURATION' ? [] : (messageAndAdvice.exec(text) ?? []);
  // Without a response, or if it is at most a second, `retryAfterMs` is the library's own backoff, which ends with this
  // run.
  const retryAfterMs = code === 'ERR_GRANT_UNAVAILABLE' && error.status !== undefined ? error.retryAfterMs : undefined;
  const isFromServer = retryAfterMs !== undefined && retryAfterMs > 1_000;
  const pause = isFromServer ? `the server asks for a pause: try again in ${formatDuration(retryAfterMs)}` : undefined;
  return { what, advice: [advice, pause].filter(Boolean).join('; ') || undefined, exitCode: exitCodeOf[code] };
}

const exitCodeOf: Readonly<Record<AnyTokenError['code'], number>> = {
  ERR_CONFIGURATION: exitCodes.usage,
  ERR_GRANT_REJECTED: exitCodes.rejectedByServer,
  ERR_GRANT_UNAVAILABLE: exitCodes.serverUnreachable,
  ERR_TOKEN_RESPONSE: exitCodes.serverUnreachable,
};

// The library writes "message: advice". A colon in quotes or brackets does not count.
export const messageAndAdvice = /^((?:"[^"]*"|\((?:"[^"]*"|[^()"])*\)|:(?! )|[^"(:])*): (.*)$/s;

const isCommanderError = (error: unknown): error is Error =>
  error instanceof Error && 'code' in error && String(error.code).startsWith('commander.');

// The value of a misspelt flag may be a secret.
function withoutValue(message: string): string {
  const line = message.replace(/^error: /, '').replace(/\n/g, ' ');
  return line.replace(/^(unknown option '[^=']*)=.*'/s, "$1'");
}
