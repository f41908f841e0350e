import { constants } from 'node:os';

/** The exit codes of the command. Scripts rely on these numbers. */
export const exitCodes = {
  ok: 0,
  /** A defect of the command itself. */
  defect: 1,
  usage: 2,
  rejectedByServer: 3,
  serverUnreachable: 4,
  rejectedByApi: 5,
  apiUnreachable: 6,
  interrupted: 130,
} as const;

/** The exit codes, for the help. */
export const exitCodesText = `Exit codes:
  0    success
  1    a defect of this command
  2    wrong usage, or a missing or contradictory setting
  3    the authorization server rejected the request
  4    the authorization server or the source of an identity is unreachable,
       or its response is unusable
  5    the API rejected the request (call --fail and doctor only)
  6    the API is unreachable
  130  interrupted (129 for SIGHUP, 143 for SIGTERM)
  exec exits with the exit code of its program.`;

/** A failure of the command. The message describes the problem. Message and advice contain no secret. */
export class CommandError extends Error {
  override readonly name = 'CommandError';
  /** The next step for the user, in one line. */
  readonly advice: string;
  /** @default 2, wrong usage */
  readonly exitCode: number;

  constructor(message: string, { advice, exitCode = exitCodes.usage }: { advice: string; exitCode?: number }) {
    super(message);
    this.advice = advice;
    this.exitCode = exitCode;
  }
}

/** Compares the name, not the class, because the bundled main.ts has its own copy of the classes. */
export function isFailure<Name extends 'CommandError' | 'Interruption'>(
  error: unknown,
  name: Name,
): error is Name extends 'CommandError' ? CommandError : Interruption {
  return error instanceof Error && error.name === name;
}

/** Ctrl-C or another signal that ends the command: the reason of the context's `signal`. */
export class Interruption extends Error {
  override readonly name = 'Interruption';
  /** As in shells: 128 and the number of the signal, 130 for Ctrl-C. */
  readonly exitCode: number;

  constructor(signal: 'SIGINT' | 'SIGTERM' | 'SIGHUP') {
    super(`interrupted by ${signal}`);
    this.exitCode = 128 + constants.signals[signal];
  }
}
