import { exitCodes } from './exit-codes.js';

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
