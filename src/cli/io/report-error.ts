import { TokenError } from '../../core/errors.js';
import { PrivateFileError } from '../../stores/private-files.js';
import type { CommandContext } from '../context.js';
import { settingDefinitions, settingNames } from '../settings/definitions.js';
import { exitCodes, isFailure } from './command-error.js';
import { printable, styleOf, write } from './terminal.js';

/** Prints the problem and the next step, one line each, and returns the exit code. Prints nothing for an interruption. */
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
  if (error instanceof TokenError) {
    const { advice, ...rest } = explainTokenError(error);
    const more = error.code === 'ERR_GRANT_REJECTED' ? '; m2m doctor with the same settings shows more' : '';
    return { ...rest, advice: advice + more };
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

/** Explains an error of the library in the terms of the command. */
export function explainTokenError({ code, message }: TokenError): Explanation {
  const exitCode = exitCodeOf[code];
  const text = withFlags(message);
  if (code === 'ERR_CONFIGURATION') {
    return { what: text, advice: 'm2m config shows the settings and their sources', exitCode };
  }
  const [, what = text, advice = 'm2m doctor with the same settings shows the reason'] =
    messageAndAdvice.exec(text) ?? [];
  return { what, advice, exitCode };
}

const exitCodeOf: Readonly<Record<TokenError['code'], number>> = {
  ERR_CONFIGURATION: exitCodes.usage,
  ERR_GRANT_REJECTED: exitCodes.rejectedByServer,
  ERR_GRANT_UNAVAILABLE: exitCodes.serverUnreachable,
  ERR_TOKEN_RESPONSE: exitCodes.serverUnreachable,
};

// The messages of the library name its options.
function withFlags(message: string): string {
  return message
    .replace(/"([a-z]+(?:[A-Z][a-z]+)*)"/g, (quoted, name: string) => flags.get(name) ?? quoted)
    .replace('set "requireBinding: false" in dpop()', 'leave --dpop out');
}

const flags: ReadonlyMap<string, string | undefined> = new Map([
  ...settingNames.map((name) => [name, settingDefinitions[name].flag?.split(' ')[0]] as const),
  ['clientAuthentication', '--auth-method'],
  ['algorithm', '--signing-algorithm'],
]);

// The library writes "message: advice". A colon in quotes or brackets does not count.
const messageAndAdvice = /^((?:"[^"]*"|\((?:"[^"]*"|[^()"])*\)|:(?! )|[^"(:])*): (.*)$/s;

const isCommanderError = (error: unknown): error is Error =>
  error instanceof Error && 'code' in error && String(error.code).startsWith('commander.');

// The value of a misspelt flag may be a secret.
function withoutValue(message: string): string {
  const line = message.replace(/^error: /, '').replace(/\n/g, ' ');
  return line.replace(/^(unknown option '[^=']*)=.*'/s, "$1'");
}
