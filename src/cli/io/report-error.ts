import {
  ConfigurationError,
  GrantRejectedError,
  GrantUnavailableError,
  InvalidTokenResponseError,
  TokenError,
} from '../../core/errors.js';
import type { CommandContext } from '../context.js';
import { settingNames, settingTable } from '../settings/definitions.js';
import { exitCodes, isFailure } from './command-error.js';
import { printable, styleOf, write } from './terminal.js';

/** Says in two lines what happened and what to do; returns the exit code. Whoever gave up is told nothing. */
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
  if (error instanceof TokenError) {
    const { advice, ...rest } = explainTokenError(error);
    const isPuzzling = error instanceof GrantRejectedError;
    return { ...rest, advice: isPuzzling ? `${advice}; m2m doctor, with the same settings, finds out more` : advice };
  }
  if (isCommanderError(error)) {
    return {
      what: misuse(error.message),
      advice: 'm2m --help, or --help after a verb, shows what there is',
      exitCode: exitCodes.usage,
    };
  }
  const what = error instanceof Error ? `${error.name}: ${error.message}` : String(error);
  return { what, advice: 'this is a defect of m2m-tokens: please report it', exitCode: exitCodes.defect };
}

/** The two lines for an error of the library, and its exit code. */
export function explainTokenError(error: TokenError): Explanation {
  const exitCode = exitCodeOf(error);
  const message = withFlags(error.message);
  if (error instanceof ConfigurationError) {
    return { what: message, advice: 'm2m config shows the settings and where each came from', exitCode };
  }
  const [, what = message, advice = 'm2m doctor, with the same settings, finds out why'] =
    whatAndAdvice.exec(message) ?? [];
  return { what, advice, exitCode };
}

// The library talks of its options.
function withFlags(message: string): string {
  return message
    .replace(/"([a-z]+(?:[A-Z][a-z]+)*)"/g, (quoted, name: string) => flags.get(name) ?? quoted)
    .replace('set "requireBinding: false" in dpop()', 'leave --dpop out');
}

const flags: ReadonlyMap<string, string | undefined> = new Map([
  ...settingNames.map((name) => [name, settingTable[name].flag?.split(' ')[0]] as const),
  ['clientAuthentication', '--auth-method'],
  ['algorithm', '--signing-algorithm'],
]);

function exitCodeOf(error: TokenError): number {
  if (error instanceof ConfigurationError) return exitCodes.usage;
  if (error instanceof GrantRejectedError) return exitCodes.refusedByServer;
  if (error instanceof GrantUnavailableError || error instanceof InvalidTokenResponseError) {
    return exitCodes.serverUnreachable;
  }
  return exitCodes.defect;
}

// "…: …" as the messages of the library are built, and not within quotes or brackets.
const whatAndAdvice = /^((?:"[^"]*"|\((?:"[^"]*"|[^()"])*\)|:(?! )|[^"(:])*): (.*)$/s;

const isCommanderError = (error: unknown): error is Error =>
  error instanceof Error && 'code' in error && String(error.code).startsWith('commander.');

// What follows a misspelt flag may be a secret.
function misuse(message: string): string {
  const line = message.replace(/^error: /, '').replace(/\n/g, ' ');
  return line.replace(/^(unknown option '[^=']*)=.*'/s, "$1'");
}
