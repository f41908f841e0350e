import { constants } from 'node:os';

/** How the command ends, for scripts. Never renumbered. */
export const exitCodes = {
  ok: 0,
  /** A defect of the command itself. */
  defect: 1,
  usage: 2,
  refusedByServer: 3,
  serverUnreachable: 4,
  refusedByApi: 5,
  apiUnreachable: 6,
  interrupted: 130,
} as const;

/** What the exit codes mean, for the help. */
export const exitCodesText = `Exit codes:
  0    success
  1    a defect of this command
  2    wrong usage, or a missing or contradicting setting
  3    the authorization server refused
  4    the authorization server could not be reached, or gave no answer that is of use
  5    the API refused: call --fail, doctor
  6    the API could not be reached
  130  interrupted (143 for SIGTERM)
  exec ends with the exit code of its command.`;

/** The facts of a {@link CommandError}. */
export interface CommandFailure {
  /** What to do about it: one line. */
  readonly advice: string;
  /** @default 2, wrong usage */
  readonly exitCode?: number;
}

/** The command cannot do what it was asked to: the message says what happened, `advice` what to do. Nothing secret is in either. */
export class CommandError extends Error {
  override readonly name = 'CommandError';
  readonly advice: string;
  readonly exitCode: number;

  constructor(message: string, { advice, exitCode = exitCodes.usage }: CommandFailure) {
    super(message);
    this.advice = advice;
    this.exitCode = exitCode;
  }
}

/** Whether something thrown is one of these two; not by their class, of which there are two when main.ts is built by itself. */
export function isFailure<Name extends 'CommandError' | 'Interruption'>(
  error: unknown,
  name: Name,
): error is Name extends 'CommandError' ? CommandError : Interruption {
  return error instanceof Error && error.name === name;
}

/** The user gave up: Ctrl-C, or a signal from elsewhere. The reason of an aborted signal of the command. */
export class Interruption extends Error {
  override readonly name = 'Interruption';
  /** As shells have it: 128 and the number of the signal, 130 for Ctrl-C. */
  readonly exitCode: number;

  constructor(signal: 'SIGINT' | 'SIGTERM' | 'SIGHUP') {
    super(`interrupted by ${signal}`);
    this.exitCode = 128 + constants.signals[signal];
  }
}
